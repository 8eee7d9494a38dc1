/*
 * extract - what every parser needs: reading text forward, adding values
 *
 * The readers move a slice forward over what they recognize and leave it alone
 * otherwise. The put functions never fail in the caller's hands: a value that
 * finds no room marks the context as full, and normalize.c then calls the
 * record damaged.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_EXTRACT_H
#define COLLECTOR_NORMALIZE_EXTRACT_H

#include "collector/normalize/parser.h"

/* What a message says in the words of ECS: event.action, category, type, outcome. Absent
 * members are left out. The lists are the allowed values of ECS 8. */
struct meaning {
	struct slice action;
	struct slice category, category2;
	struct slice type, type2, type3;
	struct slice outcome;
};

#define ECS_AUTHENTICATION      SLICE_BYTES("authentication")
#define ECS_CONFIGURATION       SLICE_BYTES("configuration")
#define ECS_DATABASE            SLICE_BYTES("database")
#define ECS_DRIVER              SLICE_BYTES("driver")
#define ECS_EMAIL               SLICE_BYTES("email")
#define ECS_FILE                SLICE_BYTES("file")
#define ECS_HOST                SLICE_BYTES("host")
#define ECS_IAM                 SLICE_BYTES("iam")
#define ECS_INTRUSION_DETECTION SLICE_BYTES("intrusion_detection")
#define ECS_MALWARE             SLICE_BYTES("malware")
#define ECS_NETWORK             SLICE_BYTES("network")
#define ECS_PACKAGE             SLICE_BYTES("package")
#define ECS_PROCESS             SLICE_BYTES("process")
#define ECS_REGISTRY            SLICE_BYTES("registry")
#define ECS_SESSION             SLICE_BYTES("session")
#define ECS_WEB                 SLICE_BYTES("web")
#define ECS_ACCESS              SLICE_BYTES("access")
#define ECS_ALLOWED             SLICE_BYTES("allowed")
#define ECS_CHANGE              SLICE_BYTES("change")
#define ECS_CONNECTION          SLICE_BYTES("connection")
#define ECS_CREATION            SLICE_BYTES("creation")
#define ECS_DELETION            SLICE_BYTES("deletion")
#define ECS_DENIED              SLICE_BYTES("denied")
#define ECS_END                 SLICE_BYTES("end")
#define ECS_ERROR               SLICE_BYTES("error")
#define ECS_GROUP               SLICE_BYTES("group")
#define ECS_INDICATOR           SLICE_BYTES("indicator")
#define ECS_INFO                SLICE_BYTES("info")
#define ECS_INSTALLATION        SLICE_BYTES("installation")
#define ECS_PROTOCOL            SLICE_BYTES("protocol")
#define ECS_START               SLICE_BYTES("start")
#define ECS_USER                SLICE_BYTES("user")
#define ECS_SUCCESS             SLICE_BYTES("success")
#define ECS_FAILURE             SLICE_BYTES("failure")
#define ECS_UNKNOWN             SLICE_BYTES("unknown")

/* Reading; `rest` moves only when true is returned. */

static inline bool skip_byte(struct slice *rest, char byte)
{
	if (slice_absent(*rest) || rest->len == 0 || rest->ptr[0] != byte)
		return false;
	*rest = slice_from(*rest, 1);
	return true;
}

static inline bool skip_text(struct slice *rest, struct slice text)
{
	if (!slice_starts(*rest, text))
		return false;
	*rest = slice_from(*rest, text.len);
	return true;
}

#define skip_lit(rest, literal) skip_text((rest), SLICE_LIT(literal))

static inline void skip_blanks(struct slice *rest)
{
	while (rest->len > 0 && rest->ptr[0] == ' ')
		*rest = slice_from(*rest, 1);
}

/* The bytes before the next blank or the end; the blank is not taken. */
struct slice take_word(struct slice *rest);

/* The digits at the start, at least one and at most 20. */
bool take_digits(struct slice *rest, struct slice *digits);

/* Everything up to `end`, which is skipped. */
bool take_until(struct slice *rest, char end, struct slice *text);

/* Cuts `text` at the last `delim`; false when there is none. */
bool cut_last(struct slice text, struct slice delim, struct slice *before, struct slice *after);

/* "<an@example>" without them; other texts as they are. */
struct slice without_brackets(struct slice text);

static inline bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

bool all_digits(struct slice text); /* false when empty */

/*
 * The text without its escapes, in the arena when it has any. `meanings` holds pairs of bytes:
 * the one that stands behind `escape`, and what the two mean; others stand for themselves.
 * NULL: any byte behind `escape` means itself. With a full arena the text as it stands.
 */
struct slice unescaped(
	struct parse_context *context, struct slice text, char escape, const char *meanings);

/* Adding */

static inline void put(struct record *record, struct parse_context *context, enum field_id id,
	struct slice value)
{
	if (slice_absent(value))
		return;
	if (record->n_fields == record->fields_room || value.len > UINT32_MAX) {
		context->full = true;
		return;
	}
	record->fields[record->n_fields++] = (struct field){
		.ptr = value.ptr,
		.len = (uint32_t)value.len,
		.id = (uint16_t)id,
	};
}

/* Unless it is empty or "-", which stands for "none" in most formats. */
static inline void put_some(struct record *record, struct parse_context *context,
	enum field_id id, struct slice value)
{
	if (value.len > 1 || (value.len == 1 && !slice_eq(value, SLICE_LIT("-"))))
		put(record, context, id, value);
}

enum { OTHERS_MAX = 128 };

/*
 * A value whose name no field has, as field_is_other() describes; `prefix` is FIELD_OTHER or
 * its like. Behind OTHERS_MAX of them none is added, and the record says so in its tags: the
 * line has them.
 */
void put_other(struct record *record, struct parse_context *context, enum field_id prefix,
	struct slice name, struct slice value);

/* In the place of the first such value: what an envelope said, said better by the message. */
void put_over(struct record *record, struct parse_context *context, enum field_id id,
	struct slice value);

/* Of an envelope: replaces what an envelope around it said. */
static inline void put_outer(struct record *record, struct parse_context *context,
	enum field_id id, struct slice value)
{
	if (context->depth > 0)
		put_over(record, context, id, value);
	else
		put(record, context, id, value);
}

/* The first such value is removed; for what an envelope said in error. */
void take_out(struct record *record, enum field_id id);

/* file.hash.*, the kind told by its length; anything else is not added. */
void put_hash(struct record *record, struct parse_context *context, struct slice hash);

void put_meaning(
	struct record *record, struct parse_context *context, const struct meaning *meaning);

/* Decimal text, built in the arena; SLICE_NONE when that is full, and then the context says so.
 */
struct slice number_text(struct parse_context *context, uint64_t number);

void put_number(struct record *record, struct parse_context *context, enum field_id id,
	uint64_t number);

/* A decimal number without leading zeros; anything else is not added. */
void put_digits(struct record *record, struct parse_context *context, enum field_id id,
	struct slice digits);

/* An address in canonical form; a text that is none goes to `other`. An IPv6 zone is cut
 * off, brackets are removed, an IPv4 address mapped into IPv6 becomes IPv4. */
void put_address(struct record *record, struct parse_context *context, enum field_id ip,
	enum field_id other, struct slice text);

/* Only an address; any other text is not added. */
void put_only_address(struct record *record, struct parse_context *context, enum field_id ip,
	struct slice text);

/* log.syslog.facility.code 0..23 and log.syslog.severity.code 0..7. */
void put_facility(struct record *record, struct parse_context *context, unsigned facility,
	unsigned severity);

/* log.syslog.priority and its two parts; 0..191. */
void put_priority(struct record *record, struct parse_context *context, struct slice digits,
	unsigned priority);

#endif
