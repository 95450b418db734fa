/* SPDX-License-Identifier: MIT */
/*
 * The symbols of fcgi/db/nolibs.c: each must fail the way its callers in libpq and
 * libcurl understand. Linked without those libraries.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "test.h"

uint32_t gss_acquire_cred(void);
uint32_t gss_display_status(void);
uint32_t gss_import_name(void);
uint32_t gss_init_sec_context(void);
void *ldap_init(void);
const char *ldap_err2string(void);
int ldap_simple_bind(void);
int ldap_result(void);
int ldap_url_parse(void);
int ldap_search_ext(void);
void ldap_memfree(void);
void *RTMP_Alloc(void);
int RTMP_Connect1(void);
int RTMP_Read(void);

int
main(void)
{
	/* GSS_ERROR() of RFC 2744 section 3.9.1: one of the upper 16 bits. */
	const uint32_t error = UINT32_C(0xffff) << 16;

	ok(gss_acquire_cred() & error, "there are no Kerberos credentials");
	ok(gss_import_name() & error, "no names");
	ok(gss_init_sec_context() & error, "no context");
	ok(gss_display_status() & error, "and no words, which ends libpq's loop");
	ok(ldap_init() == NULL, "no LDAP connection is made");
	ok(ldap_simple_bind() == -1 && ldap_result() == -1, "nor used");
	ok(ldap_url_parse() != 0 && ldap_search_ext() != 0, "nor asked");
	ok(strstr(ldap_err2string(), "LDAP") != NULL, "and it says so");
	ldap_memfree();
	ok(RTMP_Alloc() == NULL && RTMP_Connect1() == 0 && RTMP_Read() == -1,
	    "RTMP fails too");
	return test_end();
}
