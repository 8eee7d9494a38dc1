/* Any text as sentences of all shapes: the values stand in the text, one behind the other. */
#include <assert.h>

#include "collector/normalize/text/phrases.h"
#include "common/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const texts[] = {
	"a {user.name} b",
	"{user.name*} from {source.ip} port {source.port}{}",
	"{user.name*}, {group.name*}, {.other}",
	"{transport+} {in}:{source+}/{source.port} ({source.nat+}) {out}:{destination:};{}",
	"a[[ (port {source.port})]][[ (as {user.name*})]] for {duration}{}",
	"[[x: {.x} ]]{direction} {protocol}[[ {url}]]",
	"{request} {hash} {url}",
	"[[by {client:} ]]{server} {host} {process.name+}[{process.pid}]",
	"{+}{*}{}",
	"{.all}",
};

static struct sentence *sentences[ARRAY_LEN(texts)];

static struct sentence *sentence_at(size_t i)
{
	if (sentences[i] == NULL)
		sentences[i] = sentence_new(slice_str(texts[i]));
	return sentences[i];
}

static void check_values(struct slice text, const struct sentence_values *values)
{
	const char *at = text.ptr;

	for (unsigned i = 0; i < values->n; i++) {
		struct slice value = values->list[i].text;

		assert(slice_is_within(value, text) && value.ptr >= at);
		at = value.ptr + value.len;
	}
}

static void put_values(const struct sentence_values *values)
{
	static struct arena arena;
	struct field fields[64] = {{.id = FIELD_NONE}};
	struct record record = {.fields = fields,
		.fields_room = ARRAY_LEN(fields),
		.n_fields = 1,
		.created_ns = CLOCK_NONE};
	struct parse_context context = {.arena = &arena};

	arena_init(&arena, 1 << 20);
	sentence_put(&record, &context, values);
	assert(record.n_fields <= ARRAY_LEN(fields));
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(size ? (const void *)data : "", size);
	struct sentence_values values;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!sentence_take(sentence_at(i), text, &values))
			continue;
		check_values(text, &values);
		put_values(&values);
	}
	return 0;
}
