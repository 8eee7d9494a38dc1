/*
 * register - which agencies there are, what they are called when, and whose a record is
 *
 * An agency is an internal number that never changes; its identifier (mã định
 * danh), name and parent are dated attributes, so that a merger of agencies or
 * provinces rewrites no key (design decision 6). Information systems have a
 * level 1..5, dated too; hosts belong to a system, hosts nobody listed to the
 * agency's default system. A *shared source* (firewall, antivirus console, mail
 * or hosting server of many agencies) has rules that name the agency a record
 * is about, among the agencies it may speak for; what no rule takes stays
 * visible as unattributed.
 *
 * Read from configs/agencies.yaml. A register is immutable and reference
 * counted: a reload builds a new one, everybody who held the old one gives it
 * back when done. Any thread.
 */
#ifndef COLLECTOR_REGISTER_REGISTER_H
#define COLLECTOR_REGISTER_REGISTER_H

#include "collector/record/record.h"
#include "common/netaddr.h"
#include "common/setting.h"
#include "common/strbuf.h"

enum {
	AGENCY_IDENTIFIER_MAX = 35,  /* bytes; QCVN 102:2016/BTTTT, amendment 1:2022 */
	AGENCY_IDENTIFIER_FINE = 13, /* some receivers still take no more */
	AGENCY_PARENTS_MAX = 8,      /* levels of agencies above one another */
};

struct agency_register;

struct agency_attributes {
	int64_t from_ns;        /* valid from then until the next one begins */
	const char *identifier; /* "H47.05", "000.00.12.H47" */
	const char *name;       /* Vietnamese */
	const char *name_en;    /* "" when there is none */
	uint32_t parent;        /* number of an agency; 0 = none */
};

struct agency_level {
	int64_t from_ns;
	uint8_t level; /* 1..5 */
};

struct agency_system {
	uint16_t number; /* in its agency, 1.. */
	const char *name;
	const struct agency_level *levels; /* by time; the first counts for all times before */
	size_t n_levels;
};

struct agency {
	uint32_t number;                            /* 1.. */
	const struct agency_attributes *attributes; /* by time; at least one */
	size_t n_attributes;
	int64_t closed_ns;                   /* it ended then; INT64_MAX = it goes on */
	const struct agency_system *systems; /* by number; at least one */
	size_t n_systems;
	const struct agency_system *default_system;
	struct setting_texts contacts;
};

struct agency_province {
	const char *code;     /* "H47": begins the identifiers of its agencies, old or new */
	const char *name;     /* Vietnamese */
	const char *name_en;  /* "" when there is none */
	int32_t zone_seconds; /* east of UTC; dates of the register and windows begin there */
};

/* The keys of the file, for printing them with conf_print(). */
extern const struct setting agencies_settings_table[];

/*
 * NULL when the file has mistakes: they are added to `mistakes`, a line each. What is allowed
 * but may surprise is added to `warnings` likewise. The caller holds one reference.
 */
MUST_USE struct agency_register *agencies_load(
	const char *path, struct strbuf *mistakes, struct strbuf *warnings);

/* The same from memory. */
MUST_USE struct agency_register *agencies_parse(
	const char *name, struct slice text, struct strbuf *mistakes, struct strbuf *warnings);

struct agency_register *agencies_ref(struct agency_register *agencies);

/* The last one frees. NULL is fine. */
void agencies_unref(struct agency_register *agencies);

const struct agency_province *agencies_province(const struct agency_register *agencies);

/* All agencies by number, also those closed or not begun: for (i = 0; i < agencies_count(...))
 */
size_t agencies_count(const struct agency_register *agencies);
const struct agency *agencies_at(const struct agency_register *agencies, size_t i);

/* NULL when there is none of that number. */
const struct agency *agencies_find(const struct agency_register *agencies, uint32_t number);

/* Has it begun, and not ended, at that moment? Manifests name those that exist. */
bool agency_exists(const struct agency *agency, int64_t at_ns);

/* Never NULL: before the first date the first ones count, after the end the last. */
const struct agency_attributes *agency_attributes_at(
	const struct agency *agency, int64_t at_ns);

/* NULL when there is none of that number. */
const struct agency_system *agency_system(const struct agency *agency, uint16_t number);

uint8_t agency_system_level(const struct agency_system *system, int64_t at_ns);

/* Where a host stands. */
struct agency_place {
	uint32_t agency;
	uint16_t system;
	uint8_t level; /* 1..5 */
	bool listed;   /* the register names the host; else it is in the default system */
};

/* False when the agency is unknown. Once a session or batch. */
MUST_USE bool agencies_place(const struct agency_register *agencies, uint32_t agency,
	uint32_t host, int64_t at_ns, struct agency_place *place);

/*
 * The host of that name in an agency, letters large or small; the name of a domain is also
 * looked for without it. False when the register names none, or several, so. On the path of a
 * relay's records.
 */
MUST_USE bool agencies_host_named(const struct agency_register *agencies, uint32_t agency,
	struct slice name, uint32_t *host);

/* ---- shared sources (attribution.c) --------------------------------------- */

enum agencies_outcome {
	AGENCIES_OWN,          /* no shared source: the record is about the host's own agency */
	AGENCIES_ATTRIBUTED,   /* *place is of the agency that a rule named */
	AGENCIES_UNATTRIBUTED, /* shared, and no rule fits */
};

/* What rules look at; absent slices fit no rule. */
struct agencies_facts {
	struct slice host_name;      /* as the source reported it */
	struct slice virtual_host;   /* of a web or mail server */
	struct slice account;        /* "an@soyte.example.gov.vn" */
	struct slice account_domain; /* account suffixes are compared with it too */
	struct slice group;
	struct netaddr addresses[3]; /* in the order they are tried */
	unsigned n_addresses;
};

/* From the fields of a parsed record: addresses are host.ip, destination.ip, source.ip. */
void agencies_facts_of(const struct record *record, struct agencies_facts *facts);

/* Is any source of that host shared? Once a batch, so that others pay nothing. */
bool agencies_is_shared(const struct agency_register *agencies, uint32_t agency, uint32_t host);

/*
 * Whose a record of source `name` (record_source.name) on that host is. The first rule of the
 * file that fits decides; prefixes look at the first address that any of them holds. *place
 * is filled only for AGENCIES_ATTRIBUTED.
 */
MUST_USE enum agencies_outcome agencies_attribute(const struct agency_register *agencies,
	uint32_t agency, uint32_t host, struct slice name, const struct agencies_facts *facts,
	int64_t at_ns, struct agency_place *place);

#endif
