/*
 * parser - turns the raw bytes of one log format into fields
 *
 * A parser is one file in parsers/ and one line in parsers.c. It is a pure
 * function of the text it is given: no clock, no I/O, no globals, no logging.
 * It runs on every worker thread at once, and on bytes an attacker chose.
 *
 * normalize.c runs one *envelope* on the whole line (syslog, JSON, an access
 * log). An envelope that finds a message inside leaves it, and the program
 * that wrote it, in the context; normalize.c then runs the parser registered
 * for that program, or, when there is none, those that read the message of
 * any program (PAM, JSON, key=value, ...).
 *
 * To add one: parsers/x.c, its name in parsers.c, parsers.h and meson.build, samples in
 * tests/collector/normalize/samples/x/. Nothing else changes (CONTRIBUTING.md).
 */
#ifndef COLLECTOR_NORMALIZE_PARSER_H
#define COLLECTOR_NORMALIZE_PARSER_H

#include "collector/normalize/text/pairs.h"
#include "collector/record/record.h"
#include "common/arena.h"
#include "common/zone.h"

enum { PARSER_COUNT_MAX = 256 };

struct parser;

#define FIRST_BYTES_DIGITS "0123456789"
#define FIRST_BYTES_JSON   "{ \t\r\n"

/*
 * How a text begins that begins with a digit: formats of files begin with a stamp, of one form
 * each, which says more than its first byte. '#' is a digit here.
 */
enum digits_form {
	DIGITS_ISO_T,     /* "####-##-##T" */
	DIGITS_ISO_BLANK, /* "####-##-## " */
	DIGITS_SLASHED,   /* "####/": "2026/03/07" */
	DIGITS_YEAR,      /* "####" and a dot or blank: "2026.03.07", "2026 Mar  7" */
	DIGITS_DAY,       /* "##" or "#" and one of "-/ ": "07-Mar-2026", "3/7/26", "7 Mar" */
	DIGITS_DOTTED,    /* "###", "##" or "#" and a dot: an address, "07.03.2026" */
	DIGITS_RUN,       /* "######": seconds since 1970, "260307", "20260307" */
	DIGITS_REST,      /* an address of IPv6, a number, all others */
	DIGITS_FORMS,
};

/* For parser.digits. */
#define DIGITS(form)   (1u << DIGITS_##form)
#define DIGITS_ADDRESS (DIGITS(DOTTED) | DIGITS(REST))

enum parse_result {
	PARSED,          /* fields added */
	PARSED_PARTLY,   /* the frame is mine, the wording inside is not known (to me) */
	PARSED_NOT_MINE, /* another format; nothing was added */
	PARSED_DAMAGED,  /* my format, but broken; fields up to the damage stand */
};

/* What lines of a source told of those behind them, and which parser understood them. */
struct source_header {
	const struct parser *parser; /* NULL = nobody */
	struct slice text;           /* as that parser left it */
};

/* The text in which a stamp was looked for last, and what came of it. */
struct seen_stamp {
	struct slice text;    /* of the context's message; absent: nothing was looked at yet */
	int32_t zone_seconds; /* these three: of the context it was read in */
	const struct zone *zone;
	int year;
	size_t len; /* bytes of the stamp; 0 = there is none */
	int64_t ns;
};

/* Many parsers ask for a stamp at the same place: each form is read once. */
struct seen_stamps {
	struct seen_stamp any, iso; /* take_stamp_any(), take_stamp_iso() */
};

/* What a parser may know besides the bytes: from the source's settings. */
struct parse_context {
	struct arena *arena;  /* for values that need unescaping */
	int64_t now_ns;       /* receive time: completes a year, never replaces a stamp */
	int32_t zone_seconds; /* east of UTC, for stamps without a zone */
	/* The same where clocks are put forward and back: stamp.h asks this one. NULL = they
	 * are not, and zone_seconds is all there is. */
	const struct zone *zone;
	int year; /* of stamps without one; 0 = by now_ns, stamp.h */

	/* What to read: the line without its line end, then what an envelope left. An
	 * envelope that leaves no message inside sets it to SLICE_NONE. */
	struct slice message;
	struct slice program;     /* out of an envelope: who wrote the message, or absent */
	struct slice header_host; /* out of a header of syslog: who forwarded it names this */
	bool named;               /* the source's settings name the parser that is asked */
	unsigned depth;           /* lines this message was found in; 0 = none */
	bool whole_line;          /* the message left is a line of its own: Docker, Filebeat */
	bool names_file;          /* the outermost says of which file the lines inside are */
	struct slice module;      /* event.module, when it is another than the parser's */
	bool starts_source;       /* the line is the first of its file */
	/* What earlier lines of the source told of those behind them (headers.h): what this
	 * parser left here when it claimed them, absent when it left nothing. A line inside of
	 * another format has none. */
	struct slice header;
	struct source_header head; /* all of it: for who asks the parsers */
	bool full;                 /* a value found no room: the record is damaged */
	unsigned n_others;         /* pairs of FIELD_OTHER and its like, put_other() */

	const struct parser *parser; /* the one that is asked: for a parse() of several */

	/* What was read of a message with names and values, shared by all who ask; and of its
	 * stamps, which may be NULL. */
	struct pairs *pairs;
	struct seen_stamps *seen;
};

/* The format's stamps are UTC, whatever the source's zone is. */
static inline void parse_in_utc(struct parse_context *context)
{
	context->zone_seconds = 0;
	context->zone = NULL;
}

enum parser_role {
	PARSER_ENVELOPE = 1,    /* tried on whole lines */
	PARSER_ANY_PROGRAM = 2, /* tried on messages that no program's parser claimed */
	PARSER_LAST = 4,        /* tried on messages that nobody claimed, nor is a line in it */
	PARSER_SHIPPER = 8,     /* host.name is of the object that a shipper put around it */
};

struct parser {
	uint16_t number;     /* written into the store; never reused */
	unsigned roles;      /* enum parser_role */
	const char *name;    /* what settings and the console call it: "sshd" */
	const char *module;  /* event.module */
	const char *summary; /* one line for `soc-collector normalize --list` */
	const char *source;  /* where the format is defined: RFC, vendor document */

	/* Programs whose messages it reads, ended by NULL; NULL for none. */
	const char *const *programs;

	/* The bytes that a text of this format can begin with; NULL for any. Of several parsers
	 * that could claim a text only those are asked whose format it can be. What a program
	 * or the settings name is asked always. */
	const char *first_bytes;

	/* Of those that begin with a digit, the forms; DIGITS(form) of each, 0 for any. */
	unsigned digits;

	/* Reads context->message and nothing else of the record. Values are slices of it,
	 * constants, or built in context->arena; added with the functions of extract.h. */
	enum parse_result (*parse)(struct record *record, struct parse_context *context);

	/*
	 * Whether `line` goes on with a record of this parser, all of whose lines so far `text`
	 * is, though nothing in common/joining.h says so; `known`: some parser claims it as a
	 * record of its own. NULL: records are lines.
	 */
	bool (*goes_on)(struct slice text, struct slice line, bool known);
};

/* Every parser built in, ended by NULL. The order is the order of trial for sources that
 * name no parser: strict formats first. */
extern const struct parser *const parsers[];

/* NULL when there is none of that name or number. */
const struct parser *parser_by_name(struct slice name);
const struct parser *parser_by_number(unsigned number);

#endif
