/* SPDX-License-Identifier: MIT */
#ifndef BASE_METER_H
#define BASE_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/*
 * Numbers that the children of one parent count together, in memory they share. Each
 * adds in a slot of its own, and who reads sums all slots. So adding needs no lock and
 * no system call, a child that is killed in the middle leaves nothing broken, and its
 * counts stay: the next one in its slot goes on from there. What the numbers mean is
 * the caller's. A process without a slot may call everything; it counts nothing.
 *
 * After a SIGHUP the new image of the parent begins at zero. The memory could be kept,
 * but the new program may give the numbers another meaning, and its workers would
 * share slots with the old ones that still drain. Who reads counters knows that they
 * begin anew when the process does.
 */

/* meter_map(n_slots, n_numbers): In the parent, before it has children: the memory,
 * all zeros. ERR_DOWN (logged) if there is none. */
enum err meter_map(int n_slots, int n_numbers);

/* meter_join(slot): In a child: count in slot from now on, which no other living
 * process has. What the child forks in its turn does not get the memory. */
void meter_join(int slot);

/* meter_add(number, n): Count n more. */
void meter_add(int number, int64_t n);

/* meter_raise(number, n): Let the slot's number be n if it is less. */
void meter_raise(int number, int64_t n);

/* meter_busy(on): Whether this process has something in hand. A new one has not. */
void meter_busy(bool on);

/* meter_sum(number): Over all slots. */
int64_t meter_sum(int number);

/* meter_most(number): The largest of all slots; for numbers of meter_raise. */
int64_t meter_most(int number);

/* meter_n_busy(): How many slots are busy now. */
int meter_n_busy(void);

#endif
