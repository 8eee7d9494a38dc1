#include "collector/normalize/families/audit_event.h"

#include "collector/normalize/parsers.h"

struct slice audit_event_id(const struct record *record)
{
	if (record->parser != parser_auditd.number)
		return SLICE_NONE;
	return record_get(record, FIELD_EVENT_ID);
}

struct slice audit_event_text(const struct record *record)
{
	struct slice message = record_get(record, FIELD_MESSAGE);

	return slice_absent(message) ? record->raw : message;
}

static bool take_header(struct slice *text, struct audit_header *header)
{
	*header = (struct audit_header){0};
	return audit_take_header(text, SLICE_LIT("audit"), header);
}

bool audit_event_ends(struct slice text)
{
	struct audit_header header;

	return take_header(&text, &header) && (slice_eq(header.type, SLICE_LIT("PROCTITLE")) ||
						      slice_eq(header.type, SLICE_LIT("EOE")) ||
						      slice_eq(header.type, SLICE_LIT("1327")));
}

/* linux/audit.h: 1100..1299 and 2100..2999 come from user space. */
bool audit_event_is_one(struct slice text)
{
	struct audit_header header;
	const struct audit_type *type;

	if (!take_header(&text, &header))
		return true;
	type = audit_type_of(&header);
	return type != NULL && ((type->number >= 1100 && type->number < 1300) ||
				       (type->number >= 2100 && type->number < 3000));
}

/* ---- what all of them say --------------------------------------------------------------- */

/* Records that go with any system call; others say themselves what the event is. */
static bool is_beside(struct slice type)
{
	static const char *const names[] = {"SYSCALL", "CWD", "PATH", "PROCTITLE", "SOCKADDR",
		"EXECVE", "EOE", "MMAP", "BPRM_FCAPS", "OBJ_PID", "FD_PAIR", "IPC", "CAPSET"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (slice_eq(slice_str(names[i]), type))
			return true;
	}
	return false;
}

/* The folder that something was made or removed in, or the program's loader. */
static bool is_lesser_path(struct slice type, struct slice text)
{
	if (!slice_eq(type, SLICE_LIT("PATH")))
		return false;
	return slice_search(text, SLICE_LIT("nametype=PARENT")) < text.len;
}

/* Two rounds: the folders come last, so that a file's own path stands first. */
static void read_texts(struct audit *audit, const struct slice *texts, unsigned n, bool lesser)
{
	struct audit_header header;

	for (unsigned i = 0; i < n; i++) {
		struct slice text = texts[i];

		if (!take_header(&text, &header) || is_lesser_path(header.type, text) != lesser)
			continue;
		audit->type = audit_type_of(&header);
		audit_read_values(audit, text);
	}
}

/* The type that tells what the event is: of the first record of its own kind, else the call's.
 */
static struct slice type_of(struct audit *audit, const struct slice *texts, unsigned n)
{
	struct audit_header header;
	struct slice call = SLICE_NONE, name;

	for (unsigned i = 0; i < n; i++) {
		struct slice text = texts[i];

		if (!take_header(&text, &header))
			continue;
		audit->type = audit_type_of(&header);
		name = audit->type ? audit->type->name : header.type;
		if (!is_beside(name)) {
			audit->typed = true;
			return name;
		}
		if (slice_absent(call) || slice_eq(name, SLICE_LIT("SYSCALL")))
			call = name;
	}
	audit->type = audit_type_by_name(call);
	return call;
}

/* ---- the last record ----------------------------------------------------------------------
 */

static bool has_other(const struct record *record, const struct field *other)
{
	for (unsigned i = 0; i < record->n_fields; i++) {
		if (field_is_other(record->fields[i].id) &&
			slice_eq(field_value(&record->fields[i]), field_value(other)))
			return true;
	}
	return false;
}

static bool has(const struct record *record, unsigned id)
{
	return !slice_absent(record_get(record, (enum field_id)id));
}

/* Several records of an event say who it was; arguments may be equal. */
static bool is_twice(const struct record *record, unsigned n_own, const struct field *field)
{
	for (unsigned i = n_own; i < record->n_fields; i++) {
		if (record->fields[i].id == field->id && field->id != FIELD_PROCESS_ARGS &&
			slice_eq(field_value(&record->fields[i]), field_value(field)))
			return true;
	}
	return false;
}

/* Fields of the event that the record lacks, behind its own; values repeat in the event only.
 */
static void merge(
	struct record *record, const struct record *event, struct parse_context *context)
{
	unsigned n_own = record->n_fields;
	struct record own = *record;

	own.n_fields = (uint16_t)n_own;
	for (unsigned i = 0; i < event->n_fields; i++) {
		const struct field *field = &event->fields[i];

		if (field_is_other(field->id)) {
			if (!has_other(&own, field)) {
				put(record, context, (enum field_id)field->id,
					field_value(field));
				put(record, context, FIELD_OTHER_VALUE,
					field_value(&event->fields[i + 1]));
			}
			i++;
		} else if (field->id == FIELD_EVENT_ACTION) {
			put(record, context, FIELD_SOC_EVENT_ACTION, field_value(field));
		} else if (!has(&own, field->id) && !is_twice(record, n_own, field)) {
			put(record, context, (enum field_id)field->id, field_value(field));
		}
	}
}

static bool keep(struct record *record, const struct record *joined, struct arena *arena)
{
	size_t size = joined->n_fields * sizeof(*joined->fields);
	struct field *fields = arena_alloc(arena, size);

	if (fields == NULL)
		return false;
	memcpy(fields, joined->fields, size);
	record->fields = fields;
	record->n_fields = record->fields_room = joined->n_fields;
	return true;
}

void audit_event_join(
	const struct slice *texts, unsigned n, struct arena *arena, struct record *record)
{
	struct field event_room[RECORD_FIELDS_MAX], room[RECORD_FIELDS_MAX];
	struct record event = {.fields = event_room, .fields_room = RECORD_FIELDS_MAX};
	struct record joined = *record;
	struct parse_context context = {.arena = arena, .program = SLICE_LIT("audit")};
	struct audit audit = {.record = &event, .context = &context, .whole_event = true};

	read_texts(&audit, texts, n, false);
	read_texts(&audit, texts, n, true);
	audit_finish(&audit, type_of(&audit, texts, n));

	memcpy(room, record->fields, record->n_fields * sizeof(room[0]));
	joined.fields = room;
	joined.fields_room = RECORD_FIELDS_MAX;
	merge(&joined, &event, &context);
	put_number(&joined, &context, FIELD_SOC_EVENT_RECORDS, n);
	if (!context.full)
		(void)keep(record, &joined, arena);
}
