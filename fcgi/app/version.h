/* SPDX-License-Identifier: MIT */
#ifndef APP_VERSION_H
#define APP_VERSION_H

/* The interface's version, as the existing clients know it. */
#define CEM_VERSION "2.0.0"

#endif
