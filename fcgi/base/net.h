/* SPDX-License-Identifier: MIT */
#ifndef BASE_NET_H
#define BASE_NET_H

#include <stdbool.h>
#include <sys/socket.h>

/* Lists of addresses and networks, a blank between two: "127.0.0.1 ::1 10.0.0.0/8". */

/* net_list_holds(list): Every word is an IPv4 or IPv6 address, or one with the number
 * of its leading bits that count. An empty list holds. */
bool net_list_holds(const char *list);

/* net_list_has(list, address): address is in it. An IPv4 address written as IPv6
 * (::ffff:127.0.0.1) is the IPv4 one. False if address is none, or list does not hold. */
bool net_list_has(const char *list, const char *address);

/* Where something listens. */
struct net_place {
	struct sockaddr_storage address;
	socklen_t size;		/* of the address */
	int port;		/* of TCP; 0: a UNIX socket */
};

/* net_place_read(text, place): Read "unix:/path", "tcp:127.0.0.1:3310" or
 * "tcp:[::1]:3310"; an address, not a name. False if it is none of them. */
bool net_place_read(const char *text, struct net_place *place);

#endif
