/*
 * field_roles - which fields of an event are looked up, and as what
 *
 * By number for records, by name for events in JSON, which may have names of
 * products where no ECS was made of them. A field with no role is not looked
 * at: addresses of our own hosts, free text, names that only look like domains.
 */
#ifndef COLLECTOR_DETECT_INDICATORS_FIELD_ROLES_H
#define COLLECTOR_DETECT_INDICATORS_FIELD_ROLES_H

#include "collector/record/field.h"

enum field_role {
	ROLE_NONE,
	ROLE_ADDRESS, /* with the port of its side */
	ROLE_PORT,    /* of its side */
	ROLE_HOST,    /* a name or an address */
	ROLE_LIST,    /* names and addresses, with blanks, ',' or ';' between */
	ROLE_URL,     /* whole, or from its path on */
	ROLE_URL_HOST,
	ROLE_URL_PORT,
	ROLE_URL_PATH,
	ROLE_URL_QUERY,
	ROLE_HASH,   /* of a file, by its length */
	ROLE_HASHES, /* "SHA1=...,MD5=...,IMPHASH=..." */
	ROLE_IMPHASH,
	ROLE_JA3,
	ROLE_JA3S,
	ROLE_EMAIL,      /* or several, with ',' or ';' between */
	ROLE_USER_AGENT, /* whole, and URLs in it */
	ROLE_TEXT,       /* URLs in it: command lines and scripts */
};

/* Whose address and port belong together. */
enum field_side {
	SIDE_NONE,
	SIDE_SOURCE,
	SIDE_DESTINATION,
	SIDE_CLIENT,
	SIDE_SERVER,
	SIDE_COUNT,
};

struct field_use {
	uint8_t role; /* enum field_role */
	uint8_t side; /* enum field_side */
};

struct field_use field_use_of(unsigned id);            /* enum field_id */
struct field_use field_use_by_name(struct slice name); /* of ECS or of a product */

#endif
