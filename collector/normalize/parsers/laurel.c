/*
 * laurel - events of the Linux audit system as LAUREL writes them: all records of one event in
 * one JSON object
 *
 *	{"ID":"1688048710.843:30826","SYSCALL":{"SYSCALL":"execve","comm":"nft",...,"PPID":{...}},
 *	 "EXECVE":{"argc":2,"ARGV":["nft","list"]},"PATH":[{"item":0,"name":"/usr/sbin/nft",...}]}
 */
#include "collector/normalize/families/audit.h"
#include "collector/normalize/text/stamp.h"

/* "1688048710.843:30826" */
static bool put_id(struct record *record, struct parse_context *context, struct slice id)
{
	struct slice stamp = slice_head(id, slice_find(id, ':'));
	int64_t ns;

	if (stamp.len == id.len || !stamp_from_epoch(stamp, &ns))
		return false;
	record->created_ns = ns;
	put(record, context, FIELD_EVENT_ID, id);
	put_digits(record, context, FIELD_EVENT_SEQUENCE, slice_from(id, stamp.len + 1));
	return true;
}

/* Of "PARENT_INFO", or "PPID" in the system call's record. */
static void put_parent(struct audit *audit, struct slice name, struct slice value)
{
	static const struct {
		struct slice name;
		enum field_id field;
	} values[] = {
		{{SLICE_BYTES("comm")}, FIELD_PROCESS_PARENT_NAME},
		{{SLICE_BYTES("exe")}, FIELD_PROCESS_PARENT_EXECUTABLE},
		{{SLICE_BYTES("ARGV")}, FIELD_PROCESS_PARENT_ARGS},
	};

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		if (slice_eq(name, values[i].name))
			put(audit->record, audit->context, values[i].field, value);
	}
}

/* "comm", "PPID.exe": a value of the system call's record. */
static void put_call(struct audit *audit, struct slice name, struct slice value)
{
	if (skip_lit(&name, "PPID."))
		put_parent(audit, name, value);
	else if (slice_find(name, '.') == name.len && !slice_eq(name, SLICE_LIT("ARGV")))
		audit_put(audit, name, value, false);
}

static void put_pair(struct audit *audit, const struct pair *pair)
{
	struct slice name = pair->name, value = pair->value, record;

	if (slice_eq(name, SLICE_LIT("NODE")))
		put_over(audit->record, audit->context, FIELD_HOST_HOSTNAME, value);
	if (!take_until(&name, '.', &record))
		return;
	if (slice_eq(record, SLICE_LIT("SYSCALL")))
		put_call(audit, name, value);
	else if (slice_eq(record, SLICE_LIT("PARENT_INFO")))
		put_parent(audit, name, value);
	else if (slice_eq(record, SLICE_LIT("EXECVE")) && slice_eq(name, SLICE_LIT("ARGV")))
		audit_put_argument(audit, value);
	else if (slice_eq(record, SLICE_LIT("PROCTITLE")) || slice_eq(name, SLICE_LIT("ARGV")))
		return; /* said by EXECVE */
	else if (slice_eq(name, SLICE_LIT("SADDR.addr")))
		audit->socket_address = value;
	else if (slice_eq(name, SLICE_LIT("SADDR.port")))
		audit->socket_port = value;
	else if (slice_find(name, '.') == name.len)
		audit_put(audit, name, value, false);
}

/* The record that says what the event is about: the one of the system call, else the first. */
static struct slice main_record(const struct pairs *pairs)
{
	struct slice first = SLICE_NONE, name, record;

	for (unsigned i = 0; i < pairs->n; i++) {
		name = pairs->items[i].name;
		if (!take_until(&name, '.', &record) || audit_type_by_name(record) == NULL)
			continue;
		if (slice_eq(record, SLICE_LIT("SYSCALL")))
			return record;
		if (slice_absent(first))
			first = record;
	}
	return first;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct audit audit = {.record = record, .context = context, .whole_event = true};
	struct pairs *pairs = context->pairs;

	pairs_read_json(pairs, context->message, context->arena);
	if (pairs->state == PAIRS_NOT_MINE || !pairs_have(pairs, SLICE_LIT("ID")))
		return PARSED_NOT_MINE;
	struct slice name = main_record(pairs);
	if (slice_absent(name) || !put_id(record, context, pairs_get_lit(pairs, "ID")))
		return PARSED_NOT_MINE;
	audit.type = audit_type_by_name(name);
	context->full = context->full || pairs->full;
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(&audit, &pairs->items[i]);
	audit_finish(&audit, name);
	context->message = SLICE_NONE;
	return pairs->state == PAIRS_BROKEN ? PARSED_DAMAGED : PARSED;
}

static const char *const programs[] = {"laurel", NULL};

const struct parser parser_laurel = {
	.number = 23,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "laurel",
	.module = "auditd",
	.summary = "events of the Linux audit system in JSON, by LAUREL",
	.source = "LAUREL 0.5 to 0.7, man/laurel-format.7",
	.programs = programs,
	.first_bytes = FIRST_BYTES_JSON,
	.parse = parse,
};
