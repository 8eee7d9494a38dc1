#include "collector/ingest/http/bulk.h"

#include <stdio.h>

#include "tests/support/check.h"

enum { MAX = 4096 };

/* Lines of a body into a text: what came of each, and at the end the runs. */
static const char *read_bulk(const char *index, const char *text)
{
	static char out[4096];
	struct strbuf said = STRBUF_INIT(sizeof(out) - 1);
	struct bulk *bulk = bulk_new(slice_str(index));
	struct slice bytes = slice_str(text);
	struct http_items items;
	struct http_item item;
	enum bulk_took took = BULK_TOOK;
	size_t n;

	http_items_init(&items, MAX, ITEMS_OF_LINES);
	while (took <= BULK_DOCUMENT && http_items_next(&items, &bytes, &item) == ITEMS_ITEM) {
		took = bulk_take(bulk, &item);
		if (took == BULK_DOCUMENT)
			strbuf_addf(&said, "%.*s|", SLICE_FMT(item.bytes));
	}
	if (took > BULK_DOCUMENT)
		strbuf_add_byte(&said, '!');
	else if (!bulk_is_whole(bulk))
		strbuf_add_byte(&said, '?');
	const struct bulk_run *runs = bulk_runs(bulk, &n);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&said, " %u*%u:%u@%.*s", runs[i].count, runs[i].action,
			runs[i].outcome, SLICE_FMT(bulk_index_name(bulk, runs[i].index)));
	strbuf_add_str(&said, bulk_has_errors(bulk) ? " errors" : "");
	snprintf(out, sizeof(out), "%s", strbuf_cstr(&said));
	http_items_done(&items);
	bulk_free(bulk);
	strbuf_done(&said);
	return out;
}

#define INDEX "{\"index\":{\"_index\":\"a\"}}\n"

START_TEST(documents_stand_behind_their_actions)
{
	ck_assert_str_eq(read_bulk(NULL, INDEX "{\"n\":1}\n" INDEX "{\"n\":2}\n"),
		"{\"n\":1}|{\"n\":2}| 2*0:0@a");
	ck_assert_str_eq(
		read_bulk(
			"p", "{\"create\":{}}\nx\r\n{ \"index\" : { \"_id\" : \"1\" } }\ny\n"),
		"x|y| 1*1:0@p 1*0:0@p");
	ck_assert_str_eq(read_bulk("p", INDEX
				 "x\n{\"index\":{\"_index\":\"b\",\"_type\":\"_doc\"}}\ny\n"),
		"x|y| 1*0:0@a 1*0:0@b");
}
END_TEST

START_TEST(what_would_change_the_store_is_refused_item_by_item)
{
	ck_assert_str_eq(read_bulk(NULL, "{\"delete\":{\"_id\":\"1\"}}\n" INDEX "x\n"
					 "{\"update\":{}}\n{\"doc\":{}}\n" INDEX "y\n"),
		"x|y| 1*3:3@ 1*0:0@a 1*2:3@ 1*0:0@a errors");
}
END_TEST

START_TEST(a_document_that_is_missing_takes_no_other_with_it)
{
	ck_assert_str_eq(read_bulk(NULL, INDEX "\n" INDEX "x\n"), "x| 1*0:2@a 1*0:0@a errors");
	ck_assert_str_eq(read_bulk(NULL, INDEX "x\n\n\n" INDEX "y\n"), "x|y| 2*0:0@a");
	ck_assert_str_eq(read_bulk(NULL, INDEX), "?");
}
END_TEST

START_TEST(what_is_no_action_ends_it)
{
	static const char *const bad[] = {"x\n", "{}\n", "[]\n", "{\"index\":1}\n",
		"{\"index\":{},\"create\":{}}\n", "{\"get\":{}}\n", "{\"index\":{}\n",
		"\"index\"\n", "{\"index\":{}}}\n"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(strcmp(read_bulk(NULL, bad[i]), "!") == 0, "%s", bad[i]);
	char text[BULK_ACTION_MAX + 100];
	snprintf(text, sizeof(text), "{\"index\":{\"_id\":\"%*d\"}}\n", BULK_ACTION_MAX, 1);
	ck_assert_str_eq(read_bulk(NULL, text), "!");
}
END_TEST

START_TEST(a_document_beyond_the_limit_is_refused_alone)
{
	char text[MAX + 300];
	const int len = snprintf(text, sizeof(text), INDEX "%*d\n" INDEX "x\n", MAX + 1, 1);

	ck_assert_int_lt(len, (int)sizeof(text));
	ck_assert_str_eq(read_bulk(NULL, text), "x| 1*0:1@a 1*0:0@a errors");
}
END_TEST

static enum bulk_took put(struct bulk *bulk, uint64_t number, const char *text)
{
	return bulk_take(bulk, &(struct http_item){slice_str(text), strlen(text), number});
}

START_TEST(runs_and_names_have_bounds)
{
	struct bulk *bulk = bulk_new(SLICE_NONE);
	uint64_t number = 1;
	char text[64];
	size_t n;

	for (unsigned i = 0; i < BULK_RUNS_MAX; i++) {
		snprintf(text, sizeof(text), "{\"index\":{\"_index\":\"%u\"}}", i % 60);
		ck_assert_int_eq(put(bulk, number++, text), BULK_TOOK);
		ck_assert_int_eq(put(bulk, number++, "x"), BULK_DOCUMENT);
	}
	ck_assert_int_eq(put(bulk, number++, "{\"index\":{\"_index\":\"y\"}}"), BULK_TOOK);
	ck_assert_int_eq(put(bulk, number++, "x"), BULK_TOO_MANY);
	(void)bulk_runs(bulk, &n);
	ck_assert_uint_eq(n, BULK_RUNS_MAX);
	bulk_free(bulk);

	bulk = bulk_new(SLICE_NONE);
	for (unsigned i = 0; i < 2 * BULK_INDEXES_MAX; i++) {
		snprintf(text, sizeof(text), "{\"delete\":{\"_index\":\"%u\"}}", i);
		ck_assert_int_eq(put(bulk, i + 1, text), BULK_TOOK);
	}
	const struct bulk_run *runs = bulk_runs(bulk, &n);
	ck_assert_uint_eq(
		n, BULK_INDEXES_MAX); /* the last ones have no name, and are one run */
	ck_assert_uint_eq(runs[n - 1].index, 0);
	bulk_free(bulk);
}
END_TEST

TEST_MAIN("bulk", documents_stand_behind_their_actions,
	what_would_change_the_store_is_refused_item_by_item,
	a_document_that_is_missing_takes_no_other_with_it, what_is_no_action_ends_it,
	a_document_beyond_the_limit_is_refused_alone, runs_and_names_have_bounds)
