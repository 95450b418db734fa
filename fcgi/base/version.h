/* SPDX-License-Identifier: MIT */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

/* The interface's version, as the existing clients know it. */
#define CEM_VERSION "2.0.0"

#endif
