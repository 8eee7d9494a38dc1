/* statistics - M3: counts per window and agency, on Kafka in a JSON of our own */

#include "collector/national/jws.h"
#include "collector/national/profile.h"
#include "collector/national/schema.h"
#include "collector/national/types/statistics_body.h"
#include "collector/national/types/statistics_rules.h"
#include "collector/national/types/types.h"
#include "common/clock.h"

enum { BODY_MAX = 64 << 20 };

#define SCHEMA_FILE "schemas/soc-statistics-1.schema.json"

/* ---- publishing ------------------------------------------------------------------- */

struct publishing {
	const struct message_context *context;
	struct statistics *statistics;
	struct outbox *outbox;
	struct err *err;             /* of publishing as a whole, or of one window */
	const struct window *window; /* that is published now */
	char item[WINDOW_ITEM_MAX];  /* its name */
	struct window_rows rows;     /* of it */
	struct strbuf body;
};

static struct statistics_head head_of(
	const struct message_context *context, const struct window *window, struct slice key)
{
	const struct agency_province *province = agencies_province(context->agencies);

	return (struct statistics_head){
		.window = window,
		.key = key,
		.revision = context->position,
		.created_ns = context->now_ns,
		.province = province->code,
		.zone_seconds = province->zone_seconds,
	};
}

static bool put(struct publishing *publishing, const struct statistics_head *head)
{
	char uuid[MESSAGE_UUID_MAX];
	const struct outbox_message message = {
		.type = SLICE_LIT("statistics"),
		.key = head->key,
		.revision = head->revision,
		.schema = SLICE_LIT(STATISTICS_SCHEMA),
		.content_type = SLICE_LIT("application/json"),
		.message_id = slice_str(message_uuid(head->key, head->revision, uuid)),
		.body = strbuf_slice(&publishing->body),
		.needs_jws = true,
		.created_ns = head->created_ns,
	};

	if (publishing->body.overflow)
		return err_set(
			publishing->err, "statistics of one window pass %d bytes", BODY_MAX);
	return outbox_put(publishing->outbox, &message, publishing->err);
}

static bool publish_agency(struct publishing *publishing, const struct window *window,
	const struct agency *whose, const struct agency_rows *rows)
{
	const struct message_context *context = publishing->context;
	const struct agency_attributes *agency = agency_attributes_at(whose, window->start_ns);
	const struct statistics_names names = {publishing->statistics, whose->number,
		context->profile->statistics.malware_names};
	struct strbuf key = STRBUF_INIT(STATISTICS_KEY_MAX);

	statistics_key(&key, agencies_province(context->agencies)->code,
		slice_str(agency->identifier), slice_str(window_name(window->kind)),
		window->start_ns);
	struct statistics_head head = head_of(context, window, strbuf_slice(&key));
	strbuf_reset(&publishing->body);
	bool done = statistics_agency_body(
			    &head, agency, rows, &names, &publishing->body, publishing->err) &&
		    put(publishing, &head);
	strbuf_done(&key);
	return done;
}

static bool has_rows(const struct agency_rows *rows)
{
	return rows->n_counts > 0 || rows->malware != NULL || rows->quality != NULL;
}

/* An agency that was closed and still has records is named too: nothing is lost silently. */
static bool is_named(const struct agency *agency, const struct window *window,
	const struct agency_rows *rows)
{
	return agency_exists(agency, window->start_ns) || has_rows(rows);
}

static bool publish_agencies(struct publishing *publishing, const struct window *window)
{
	const struct agency_register *agencies = publishing->context->agencies;

	for (size_t i = 0; i < agencies_count(agencies); i++) {
		const struct agency *agency = agencies_at(agencies, i);
		struct agency_rows rows = agency_rows(&publishing->rows, agency->number);

		if (has_rows(&rows) && !publish_agency(publishing, window, agency, &rows))
			return false;
	}
	return true;
}

static void list_agencies(const struct publishing *publishing, const struct window *window,
	struct manifest *manifest)
{
	const struct agency_register *agencies = publishing->context->agencies;

	for (size_t i = 0; i < agencies_count(agencies); i++) {
		const struct agency *agency = agencies_at(agencies, i);
		struct agency_rows rows = agency_rows(&publishing->rows, agency->number);
		struct window_sum sum = agency_sum(&rows);

		if (is_named(agency, window, &rows))
			statistics_manifest_agency(manifest,
				agency_attributes_at(agency, window->start_ns), has_rows(&rows),
				&sum);
	}
}

/* What was counted for numbers the register does not have. */
static struct window_sum sum_unlisted(const struct publishing *publishing)
{
	struct window_sum unlisted = {0};
	uint64_t from = 0;
	uint32_t number;

	for (; window_rows_next(&publishing->rows, from, &number);
		from = (uint64_t)number + 1) {
		struct agency_rows rows = agency_rows(&publishing->rows, number);
		struct window_sum sum = agency_sum(&rows);

		if (agencies_find(publishing->context->agencies, number) == NULL)
			window_sum_add(&unlisted, &sum);
	}
	return unlisted;
}

static bool publish_manifest(struct publishing *publishing, const struct window *window)
{
	const struct message_context *context = publishing->context;
	struct strbuf key = STRBUF_INIT(STATISTICS_KEY_MAX);
	struct window_sum unlisted = sum_unlisted(publishing);
	struct manifest manifest;

	statistics_key(&key, agencies_province(context->agencies)->code, SLICE_LIT("manifest"),
		slice_str(window_name(window->kind)), window->start_ns);
	struct statistics_head head = head_of(context, window, strbuf_slice(&key));
	strbuf_reset(&publishing->body);
	struct json json = json_into(&publishing->body);
	statistics_manifest_begin(&manifest, &head, &json);
	list_agencies(publishing, window, &manifest);
	statistics_manifest_end(&manifest, &unlisted);
	bool done = put(publishing, &head);
	strbuf_done(&key);
	return done;
}

/* The manifest last: who has it knows that the others are on their way before it. */
static bool publish_messages(void *user, struct err *err)
{
	struct publishing *publishing = user;
	const struct window *window = publishing->window;

	publishing->err = err;
	if (!window_rows_read(&publishing->rows, publishing->statistics, window, err))
		return false;
	bool done = publish_agencies(publishing, window) &&
		    publish_manifest(publishing, window) &&
		    statistics_published(publishing->statistics, window, err);
	window_rows_done(&publishing->rows);
	return done;
}

/* A window that cannot be published waits and is tried again later; the others go out. */
static bool publish_window(void *user, const struct window *window)
{
	struct publishing *publishing = user;
	const struct message_item item = {
		.type = message_statistics.name,
		.name = window_item(window, publishing->item),
	};
	struct err *err = publishing->err;

	publishing->window = window;
	bool done = message_item_publish(publishing->context, publishing->outbox, &item,
		publish_messages, publishing, err);
	publishing->err = err;
	return done;
}

static bool publish(const struct message_context *context, struct statistics *statistics,
	struct outbox *outbox, struct err *err)
{
	struct publishing publishing = {
		.context = context,
		.statistics = statistics,
		.outbox = outbox,
		.err = err,
		.body = STRBUF_INIT(BODY_MAX),
	};
	bool done = statistics_due(statistics, publish_window, &publishing, err);

	strbuf_done(&publishing.body);
	return done;
}

/* ---- checking --------------------------------------------------------------------- */

static struct schema *read_schema(
	const struct national_profile *profile, struct mistakes *mistakes)
{
	struct strbuf text = STRBUF_INIT(PROFILE_DOCUMENT_MAX);
	struct schema *schema = NULL;
	struct err err;

	if (national_document(profile, SCHEMA_FILE, &text, &err))
		schema = schema_read(strbuf_slice(&text), &err);
	if (schema == NULL)
		mistake_add(mistakes, (struct pos){0}, "not checked, " SCHEMA_FILE ": %s",
			err.text);
	strbuf_done(&text);
	return schema;
}

static bool check(const struct national_profile *profile, const char *name, struct slice body,
	struct strbuf *out)
{
	struct mistakes mistakes = mistakes_into(out, name);
	struct json_file *file = json_file_read(body, &mistakes);
	struct schema *schema = file != NULL ? read_schema(profile, &mistakes) : NULL;

	if (schema != NULL && schema_check(schema, file, &mistakes))
		statistics_rules(file, &mistakes);
	schema_free(schema);
	json_file_free(file);
	return mistakes_end(&mistakes);
}

static bool verify(const struct national_profile *profile, struct slice body,
	struct slice detached, const char *ca_file, struct strbuf *report)
{
	(void)profile;
	if (slice_absent(detached)) {
		strbuf_add_str(report, "jws: none given; a statistics message has its "
				       "signature beside it (--jws)\n");
		return false;
	}
	return jws_verify(detached, body, ca_file, report);
}

const struct message_type message_statistics = {
	.name = "statistics",
	.topic = "statistics",
	.summary = "counts of attacks and malware per window and agency (M3)",
	.source = "Minister's directive 6a, Law 116/2025/QH15 art. 40.1(b); the form is ours",
	.schema = STATISTICS_SCHEMA,
	.publish = publish,
	.check = check,
	.verify = verify,
	.show = statistics_show,
};
