/*
 * ldap - access logs of directory servers: OpenLDAP's slapd, 389 Directory Server
 *
 *	slapd[8]: conn=1000 fd=12 ACCEPT from IP=203.0.113.9:51000 (IP=0.0.0.0:389)
 *	slapd[8]: conn=1000 op=0 BIND dn="uid=an,dc=so,dc=vn" method=128
 *	[07/Mar/2026:10:00:00.123 +0700] conn=1 op=0 RESULT err=49 tag=97 nentries=0 etime=0.1 -
 *x
 *
 * One operation is told in several lines, which have the connection's number alone in common.
 * Tag 97 answers a bind. Quotes inside a name are escaped.
 */
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define LDAP(what, where, kind, ...)                                                           \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, .category = {where}, .type = {kind},            \
		__VA_ARGS__                                                                    \
	}
static const struct meaning connected =
	LDAP("ldap_connected", ECS_NETWORK, ECS_CONNECTION, .type2 = {ECS_START});
static const struct meaning disconnected =
	LDAP("ldap_disconnected", ECS_NETWORK, ECS_CONNECTION, .type2 = {ECS_END});
static const struct meaning binding = LDAP("ldap_bind", ECS_AUTHENTICATION, ECS_INFO);
static const struct meaning bound =
	LDAP("ldap_bind", ECS_AUTHENTICATION, ECS_START, .outcome = {ECS_SUCCESS});
static const struct meaning refused =
	LDAP("ldap_bind", ECS_AUTHENTICATION, ECS_START, .outcome = {ECS_FAILURE});
static const struct meaning searched = LDAP("ldap_search", ECS_DATABASE, ECS_ACCESS);
static const struct meaning added =
	LDAP("ldap_add", ECS_IAM, ECS_CREATION, .category2 = {ECS_DATABASE});
static const struct meaning deleted =
	LDAP("ldap_delete", ECS_IAM, ECS_DELETION, .category2 = {ECS_DATABASE});
static const struct meaning changed =
	LDAP("ldap_modify", ECS_IAM, ECS_CHANGE, .category2 = {ECS_DATABASE});
static const struct meaning password =
	LDAP("password_changed", ECS_IAM, ECS_CHANGE, .category2 = {ECS_DATABASE});
static const struct meaning noted = {.category = {ECS_DATABASE}, .type = {ECS_INFO}};

#define OP "conn={.connection} op={.operation} "

static const struct phrase sentences[] = {
	{"conn={.connection} fd={} ACCEPT from IP={source:} (IP={destination:})", &connected},
	{"conn={.connection} fd={} ACCEPT from PATH={}", &connected},
	{"conn={.connection} fd={} slot={} {}connection from {source} to {destination}",
		&connected},
	{"conn={.connection} fd={} closed[[ ({event.reason})]]", &disconnected},
	{"conn={.connection} op={} fd={} closed[[ - {event.reason}]]", &disconnected},
	{"conn={.connection} op={} fd={} closed error - {event.reason}", &disconnected},
	{OP "BIND dn=\"{user.name*}\" method={.method}", &binding},
	{OP "BIND dn=\"{user.name*}\" mech={.mechanism+} {}", &binding},
	{OP "BIND anonymous mech={}", &binding},
	{OP "RESULT tag=97 err=0 {}", &bound},
	{OP "RESULT tag=97 err={event.code+} {}text={event.reason}", &refused},
	{OP "RESULT err=0 tag=97 {} dn=\"{user.name*}\"", &bound},
	{OP "RESULT err=0 tag=97 {}", &bound},
	{OP "RESULT err=14 tag=97 {}", &binding}, /* SASL goes on */
	{OP "RESULT err={event.code+} tag=97 {} - {event.reason}", &refused},
	{OP "RESULT err={event.code+} tag=97 {}", &refused},
	{OP "SRCH base=\"{.base*}\" scope={.scope+} {}filter=\"{.filter*}\"[[ attrs={}]]",
		&searched},
	{OP "SRCH attr={.attributes}", &searched},
	{OP "SEARCH RESULT tag={} err={event.code+} {}nentries={.entries+} text={event.reason}",
		&noted},
	{OP "RESULT {}err={event.code+} {}", &noted},
	{OP "ADD dn=\"{user.target.name*}\"", &added},
	{OP "DEL dn=\"{user.target.name*}\"", &deleted},
	{OP "MOD dn=\"{user.target.name*}\"", &changed},
	{OP "MOD attr={.attributes}", &changed},
	{OP "MODRDN dn=\"{user.target.name*}\"{}", &changed},
	{OP "CMP dn=\"{user.target.name*}\" attr={.attributes}", &searched},
	{OP "PASSMOD id=\"{user.target.name*}\"{}", &password},
	{OP "EXT oid=\"1.3.6.1.4.1.4203.1.11.1\" name=\"passwd_modify_extop\"", &password},
	{OP "EXT oid={}", &noted},
	{OP "STARTTLS", &noted},
	{OP "UNBIND", &noted},
	{OP "ABANDON {}", &noted},
	{"conn={.connection} {}TLS established {}", &noted},
	{"conn={.connection} TLS{tls.version} {tls.cipher}", &noted},
	{"slapd starting", &noted},
	{"slapd shutdown: {}", &noted},
	{"@(#) $OpenLDAP: slapd {service.version+} {}", &noted},
};
static struct phrases phrases = PHRASES(sentences);

/* "[07/Mar/2026:10:00:00.123456789 +0700] " */
static bool take_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct slice at = *rest;

	if (at.len < 40 || at.ptr[0] != '[' || at.ptr[3] != '/')
		return false;
	at = slice_from(at, 1);
	if (!take_stamp_any(&at, context, ns) || !skip_lit(&at, "] conn="))
		return false;
	*rest = slice_of(at.ptr - (sizeof("conn=") - 1), at.len + sizeof("conn=") - 1);
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	int64_t ns = record->created_ns;

	if (!take_time(&rest, context, &ns) && slice_absent(context->program) &&
		!context->named)
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put(record, context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("ldap"));
	put_over(record, context, FIELD_MESSAGE, rest);
	context->message = SLICE_NONE;
	return phrases_put(&phrases, record, context, rest, &noted);
}

static const char *const programs[] = {"slapd", "ns-slapd", NULL};

const struct parser parser_ldap = {
	.number = 121,
	.roles = PARSER_ENVELOPE,
	.name = "ldap",
	.module = "ldap",
	.summary = "OpenLDAP slapd, 389 Directory Server: access logs",
	.source = "OpenLDAP 2.4 to 2.6, slapd(8) loglevel stats; Red Hat Directory Server, "
		  "Access "
		  "Log Content",
	.programs = programs,
	.first_bytes = "[",
	.parse = parse,
};
