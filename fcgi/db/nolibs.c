/* SPDX-License-Identifier: MIT */
/*
 * Debian's archives of libpq and libcurl are built with Kerberos, LDAP and RTMP, for
 * which there are no archives to link. The static program uses none of the three;
 * here are the symbols that stay open, each failing as its library would, so that
 * asking for one (an ldap:// service, a server that wants GSS) ends in an error and
 * never in a crash. Only the release binary links this file.
 *
 * They take whatever they are given: the callers' arguments are not looked at, which
 * the calling conventions of Linux (System V ABI) allow. Names and results are those
 * of RFC 2744, draft-ietf-ldapext-ldap-c-api-05, OpenLDAP's ldap.h and librtmp's rtmp.h.
 */
#include <stddef.h>
#include <stdint.h>

#define FAILS(type, name, result) \
	type name(void); \
	type name(void) { return result; }
#define NOTHING(name) \
	void name(void); \
	void name(void) { }

#define GSS_FAILURE (UINT32_C(13) << 16)	/* GSS_S_FAILURE */
#define LDAP_DOWN (-1)				/* LDAP_SERVER_DOWN */
#define LDAP_NOT_SUPPORTED (-12)
#define LDAP_BAD_SCHEME 3			/* LDAP_URL_ERR_BADSCHEME */

/* Kerberos: libpq, libcurl. */
extern const void *const GSS_C_NT_HOSTBASED_SERVICE;
const void *const GSS_C_NT_HOSTBASED_SERVICE = NULL;

FAILS(uint32_t, gss_acquire_cred, GSS_FAILURE)
FAILS(uint32_t, gss_delete_sec_context, GSS_FAILURE)
FAILS(uint32_t, gss_display_name, GSS_FAILURE)
FAILS(uint32_t, gss_display_status, GSS_FAILURE)
FAILS(uint32_t, gss_import_name, GSS_FAILURE)
FAILS(uint32_t, gss_init_sec_context, GSS_FAILURE)
FAILS(uint32_t, gss_inquire_context, GSS_FAILURE)
FAILS(uint32_t, gss_release_buffer, GSS_FAILURE)
FAILS(uint32_t, gss_release_cred, GSS_FAILURE)
FAILS(uint32_t, gss_release_name, GSS_FAILURE)
FAILS(uint32_t, gss_unwrap, GSS_FAILURE)
FAILS(uint32_t, gss_wrap, GSS_FAILURE)
FAILS(uint32_t, gss_wrap_size_limit, GSS_FAILURE)

/* LDAP: libpq (services looked up in a directory), libcurl (ldap://). */
FAILS(const char *, ldap_err2string, "LDAP is not part of this program")
FAILS(void *, ldap_init, NULL)
FAILS(void *, ldap_first_entry, NULL)
FAILS(void *, ldap_get_values_len, NULL)
FAILS(int, ldap_abandon_ext, LDAP_NOT_SUPPORTED)
FAILS(int, ldap_count_entries, -1)
FAILS(int, ldap_get_attribute_ber, LDAP_NOT_SUPPORTED)
FAILS(int, ldap_get_dn_ber, LDAP_NOT_SUPPORTED)
FAILS(int, ldap_get_option, -1)
FAILS(int, ldap_init_fd, LDAP_NOT_SUPPORTED)
FAILS(int, ldap_msgfree, -1)
FAILS(int, ldap_msgtype, -1)
FAILS(int, ldap_parse_result, LDAP_NOT_SUPPORTED)
FAILS(int, ldap_parse_sasl_bind_result, LDAP_NOT_SUPPORTED)
FAILS(int, ldap_pvt_url_scheme2proto, -1)
FAILS(int, ldap_result, -1)
FAILS(int, ldap_sasl_bind, LDAP_DOWN)
FAILS(int, ldap_search_ext, LDAP_DOWN)
FAILS(int, ldap_search_st, LDAP_DOWN)
FAILS(int, ldap_set_option, -1)
FAILS(int, ldap_simple_bind, -1)
FAILS(int, ldap_start_tls, LDAP_DOWN)
FAILS(int, ldap_unbind, LDAP_DOWN)
FAILS(int, ldap_unbind_ext, LDAP_DOWN)
FAILS(int, ldap_url_parse, LDAP_BAD_SCHEME)
FAILS(int, ber_sockbuf_add_io, -1)
NOTHING(ldap_free_urldesc)
NOTHING(ldap_memfree)
NOTHING(ldap_value_free_len)
NOTHING(ber_bvfree)
NOTHING(ber_free)
NOTHING(ber_memfree)
NOTHING(ber_memvfree)

/* RTMP: libcurl (rtmp://). */
FAILS(void *, RTMP_Alloc, NULL)
FAILS(int, RTMP_Connect1, 0)
FAILS(int, RTMP_ConnectStream, 0)
FAILS(int, RTMP_Read, -1)
FAILS(int, RTMP_SetupURL, 0)
FAILS(int, RTMP_Write, -1)
NOTHING(RTMP_Close)
NOTHING(RTMP_Free)
NOTHING(RTMP_Init)
NOTHING(RTMP_SetBufferMS)
