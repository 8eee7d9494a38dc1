/*
 * parser - turns the raw bytes of one log format into fields
 *
 * A parser is one file in parsers/ and one line in parsers.c. It is a pure
 * function of the record: no clock, no I/O, no globals, no logging. It runs on
 * every worker thread at once, and on bytes an attacker chose.
 *
 * Two kinds: an *envelope* parser reads raw (syslog, JSON, an access log) and
 * may name what is inside (message, program); a *message* parser reads the
 * message of a program it knows (sshd, sudo, kernel). normalize.c runs one
 * envelope, then the message parser registered for the program.
 *
 * To add one: parsers/x.c, a line in parsers.c, samples in
 * tests/collector/normalize/samples/x/. Nothing else changes.
 */
#ifndef COLLECTOR_NORMALIZE_PARSER_H
#define COLLECTOR_NORMALIZE_PARSER_H

#include "collector/record/record.h"
#include "common/arena.h"

enum parse_result {
	PARSED,          /* fields added */
	PARSED_PARTLY,   /* the frame is mine, the wording inside is not known */
	PARSED_NOT_MINE, /* another format; nothing was added */
	PARSED_DAMAGED,  /* my format, but broken; fields up to the damage stand */
};

/* What a parser may know besides the bytes: from the source's settings. */
struct parse_context {
	struct arena *arena;  /* for values that need unescaping */
	int64_t now_ns;       /* receive time: completes a year, never replaces a stamp */
	int32_t zone_seconds; /* east of UTC, for stamps without a zone */
	int year;             /* of stamps without one; 0 = nearest to now_ns */
	struct slice program; /* out of an envelope: who wrote the message, or absent */
	struct slice message; /* out of an envelope: what is left to parse, or absent */
};

struct parser {
	uint16_t number;     /* written into the store; never reused */
	const char *name;    /* what settings and the console call it: "sshd" */
	const char *module;  /* event.module */
	const char *summary; /* one line for `soc-collector normalize --list` */
	const char *source;  /* where the format is defined: RFC, vendor document */

	/* Programs whose messages it reads, ended by NULL; NULL for an envelope. */
	const char *const *programs;

	/* Reads record->raw (an envelope) or context->message. Values are slices of what it
	 * reads or built in context->arena; an arena at its limit is PARSED_DAMAGED. */
	enum parse_result (*parse)(struct record *record, struct parse_context *context);
};

/* Every parser built in, ended by NULL. The order is the order of trial for sources that
 * name no parser: strict formats first. */
extern const struct parser *const parsers[];

/* NULL when there is none of that name or number. */
const struct parser *parser_by_name(struct slice name);
const struct parser *parser_by_number(unsigned number);

#endif
