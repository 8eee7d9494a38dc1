/*
 * record - one log line on its way through the collector
 *
 * Named record and not event: libevent owns `struct event` and event_*().
 *
 * All slices point into the arena of the batch that holds the record, and die
 * with it; values that never vary may be constants of the program. `raw` is
 * what arrived, byte for byte, and is never changed but for its character set
 * (decoding.h in normalize/) and by the masking policy; fields are what a parser
 * made of it, most of them slices of `raw`. A record no parser understood
 * keeps raw and has status PARSE_UNKNOWN: it is stored, counted and forwarded
 * like any other.
 *
 * Whose record it is (agency, host, system, level) is set by ingest from the
 * peer's certificate and the register; nothing in the payload changes it.
 */
#ifndef COLLECTOR_RECORD_RECORD_H
#define COLLECTOR_RECORD_RECORD_H

#include <stdint.h>

#include "collector/record/field.h"
#include "common/arena.h"
#include "common/charset.h"
#include "common/slice.h"
#include "common/zone.h"

enum {
	RECORD_FIELDS_MAX = 512,
	RECORD_MATCHES_MAX = 16,
	RECORD_REPEATS_MAX = 255,
};

/* Parsers are numbered from 1 on; from here on they are own formats, which files describe. */
enum { PARSER_OWN_MIN = 200, PARSER_OWN_MAX = 255 };

enum record_kind {
	RECORD_LOG = 1,       /* a line */
	RECORD_HIT = 2,       /* a YARA hit */
	RECORD_INVENTORY = 3, /* what runs on a host */
	RECORD_AGENT = 4,     /* an agent about itself: start, stop, trouble */
	RECORD_FINDING = 5,   /* what correlation concluded */
	RECORD_NOTE = 6,      /* the collector about itself: enrolments, gaps, verdicts */
};

enum parse_status {
	PARSE_UNKNOWN = 0, /* no parser claimed it */
	PARSE_OK = 1,
	PARSE_PARTIAL = 2, /* the envelope was read, the message inside is not known */
	PARSE_DAMAGED = 3, /* a parser claimed it and found it broken */
};

enum record_flag {
	RECORD_TRUNCATED = 1,
	RECORD_UNTERMINATED = 2,
	RECORD_JOINED = 4,
	RECORD_TEST = 8,          /* marked as test or drill: never in statistics */
	RECORD_UNATTRIBUTED = 16, /* a shared source named no agency that it may speak for */
	RECORD_MASKED = 32,       /* the masking policy changed bytes */
	RECORD_MALWARE = 128,  /* a product's finding of malware, as a rule of classes says */
	RECORD_SHARED = 256,   /* of a shared source: it speaks of hosts other than its own */
	RECORD_RESOLVED = 512, /* it says that what it tells of was put right, likewise */
	RECORD_OUTCOME = 1024, /* it says what became of malware that another record found */
};

enum identity_strength {
	IDENTITY_CERTIFICATE = 1,
	IDENTITY_TOKEN = 2,
	IDENTITY_ADDRESS = 3,
	IDENTITY_SELF = 4, /* the collector */
};

/* Classes of attacks for national statistics; names and texts in configs/national/classes.yaml.
 * The numbers are written into the store and never change. */
enum attack_class {
	CLASS_NONE = 0, /* not an attack */
	CLASS_MALWARE = 1,
	CLASS_PHISHING = 2,
	CLASS_DEFACE = 3,
	CLASS_DOS = 4,
	CLASS_UNAUTHORIZED_ACCESS = 5,
	CLASS_PRIVILEGE_ESCALATION = 6,
	CLASS_RECON = 7,
	CLASS_POLICY_VIOLATION = 8,
	CLASS_RANSOMWARE = 9,
	CLASS_DATA_THEFT = 10,
	CLASS_SABOTAGE = 11,
	CLASS_COMBINED = 12,
	CLASS_OTHER = 13,
	CLASS_SYSTEM_FAULT = 14,
	CLASS_OPERATOR_ERROR = 15,
	CLASS_DISASTER = 16,
	CLASS_COUNT = 17,
};

enum severity {
	SEVERITY_NONE = 0,
	SEVERITY_LOW = 1,
	SEVERITY_MEDIUM = 2,
	SEVERITY_HIGH = 3,
	SEVERITY_CRITICAL = 4,
	SEVERITY_COUNT = 5,
};

/* Rules of detect/match.h. The numbers are written into the store: never changed, never used
 * again. */
enum match_rule {
	/* A failed login on sshd, or a refused user: group agency, host, source.ip, the first
	 * two as decimal numbers. */
	MATCH_SSH_FAILED_LOGIN = 1,
	/* A failed sign-in anywhere else: agency, host, event.module, event.action, source.ip
	 */
	MATCH_FAILED_SIGN_IN = 2,
	/* One whose address is not known: agency, host, event.module, event.action, user.name
	 * in small letters. */
	MATCH_FAILED_SIGN_IN_OF_USER = 3,
	/* One that succeeded, sshd's too: agency, host, source.ip */
	MATCH_SIGN_IN = 4,
	/* Without an address: agency, host, user.name in small letters */
	MATCH_SIGN_IN_OF_USER = 5,
	/* A Sigma rule: its id, and its version in hexadecimal digits. */
	MATCH_SIGMA = 6,
	/* An indicator: its type, itself as people write it, the list it is from, its class
	 * and confidence as decimal numbers. */
	MATCH_INDICATOR = 7,
};

/* By which an event is known again that comes twice, event_id.h in normalize/; 0, 0 = by
 * nothing.
 */
struct event_id {
	uint64_t low, high;
};

/* A rule that fired on the record, with the values a correlator groups by. */
struct match {
	uint32_t rule;      /* enum match_rule */
	struct slice group; /* group-by values, NUL between them; may be empty */
};

struct record_source {
	struct slice input;      /* "file", "journal", "syslog", "yara", ... */
	struct slice name;       /* path, unit, address */
	struct slice format;     /* parser named by settings, or "" */
	const struct zone *zone; /* of stamps without one; NULL = the province's */
	enum charset charset;    /* of its text, as settings say */
	bool resends;            /* what it was not told is stored comes again: record.id */
	bool wrapped; /* lines come in JSON objects of a shipper: `format` is theirs */

	/* A relay: who forwards a line says whose it is (record.forwarded_host). Of these hosts
	 * of its agency alone; n_hosts 0 = of all that the register names. */
	bool names_host;
	/* By the certificate of who delivers, whatever the lines say; "" = by none. Absent:
	 * the lines say it. */
	struct slice forwarder;
	const uint32_t *hosts;
	size_t n_hosts;
};

struct record {
	struct slice raw;
	int64_t received_ns; /* our clock, UTC */
	int64_t created_ns;  /* event time the record claims; CLOCK_NONE = none */
	int64_t read_ns;     /* the agent's clock when it read the line; CLOCK_NONE = none */
	uint64_t sequence;   /* in its stream */
	uint64_t offset;     /* position in the source */
	uint64_t whole;      /* bytes before truncation */
	const struct record_source *source;
	/* Of a source that names hosts: source->forwarder, or the name that whoever forwarded
	 * the line put around it, in the outermost header of syslog or in the object of a Beat.
	 * Never a value of the message inside, which anybody may write. Absent when there is
	 * none. */
	struct slice forwarded_host;
	struct event_id id; /* of a source that resends */
	bool resent;        /* set by the store's writer: it was stored before */

	uint32_t agency, host; /* internal numbers; 0 = none */
	uint16_t system;       /* information system in the agency; 0 = none */
	uint8_t level;         /* 1..5: of the system; decides the retention class */
	uint8_t kind;          /* enum record_kind */
	uint8_t status;        /* enum parse_status */
	uint8_t attack;        /* enum attack_class */
	uint8_t severity;      /* enum severity */
	uint8_t strength;      /* enum identity_strength */
	uint16_t parser;       /* number of the parser that claimed it; 0 = none */
	uint16_t flags;        /* enum record_flag */

	/* |clock of the agent - ours| when it arrived, where it is known: of stored records. */
	bool skew_known;
	uint32_t skew_ms;

	uint16_t n_fields, fields_room;
	uint16_t n_matches;
	uint8_t repeats;       /* "message repeated 3 times" is 2; RECORD_REPEATS_MAX at most */
	struct field *fields;  /* in order of arrival */
	struct match *matches; /* RECORD_MATCHES_MAX, NULL when none */
};

/* The value of the first such field, SLICE_NONE when the record lacks it. */
struct slice record_get(const struct record *record, enum field_id id);

/* False when the record or the arena is full: the parser then stops and says DAMAGED.
 * Empty values are added like others; an absent value is not added and is fine. */
MUST_USE bool record_add(
	struct record *record, struct arena *arena, enum field_id id, struct slice value);

/* Replaces the first such field or adds it. */
MUST_USE bool record_set(
	struct record *record, struct arena *arena, enum field_id id, struct slice value);

/* `group` must live in the arena. False when there is no room: the caller counts it. */
MUST_USE bool record_match(
	struct record *record, struct arena *arena, uint32_t rule, struct slice group);

/* What its group is about: the last value. */
struct slice match_subject(const struct match *match);

const char *parse_status_name(enum parse_status status); /* "ok", "partial", ... */
const char *attack_class_name(enum attack_class attack); /* "unauthorized-access", ... */
const char *severity_name(enum severity severity);       /* "none", "low", ... */
const char *record_kind_name(enum record_kind kind);     /* "log", "hit", ... */
const char *identity_strength_name(enum identity_strength strength); /* "certificate", ... */

#endif
