#include "collector/ingest/http/http_filter.h"

#include "tests/support/check.h"

static bool wants(const char *list, const char *path)
{
	struct strbuf decoded = STRBUF_INIT(HTTP_FILTER_MAX);

	ck_assert(http_filter_decode(slice_str(list), &decoded));
	const bool wanted = http_filter_wants(strbuf_slice(&decoded), slice_str(path));
	strbuf_done(&decoded);
	return wanted;
}

START_TEST(paths_are_wanted_as_clients_write_them)
{
	static const char beats[] = "errors,items.*.error,items.*.status";

	ck_assert(wants(beats, "errors"));
	ck_assert(wants(beats, "items.index.status"));
	ck_assert(wants(beats, "items.create.error"));
	ck_assert(!wants(beats, "items.create._index"));
	ck_assert(!wants(beats, "took"));
	ck_assert(wants("errors%2Citems.%2A.status", "items.create.status"));
	ck_assert(wants("", "took"));
	ck_assert(wants("items", "items.index.status"));
	ck_assert(wants("items.*", "items.index.status"));
	ck_assert(wants("**", "took"));
	ck_assert(wants("**.status", "items.index.status"));
	ck_assert(wants("items.i*x.st*", "items.index.status"));
	ck_assert(!wants("items.i*y", "items.index.status"));
	ck_assert(!wants("items.index.status.more", "items.index.status"));
	ck_assert(wants("items.*.error.type", "items.create.error.type"));
	ck_assert(!wants("items.*.error.type", "items.create.error.reason"));
	ck_assert(wants(beats, "items.create.error.reason"));
	ck_assert(wants("-took", "took"));
	ck_assert(!wants("%zz,%", "took"));
}
END_TEST

START_TEST(a_list_has_limits)
{
	struct strbuf list = STRBUF_INIT(1 << 16), out = STRBUF_INIT(HTTP_FILTER_MAX);

	for (unsigned i = 0; i < HTTP_FILTER_PATHS_MAX; i++)
		strbuf_add_str(&list, "*,");
	ck_assert(!http_filter_decode(strbuf_slice(&list), &out));
	strbuf_reset(&list);
	strbuf_reset(&out);
	for (unsigned i = 0; i <= HTTP_FILTER_MAX; i++)
		strbuf_add_byte(&list, '*');
	ck_assert(!http_filter_decode(strbuf_slice(&list), &out));
	strbuf_done(&list);
	strbuf_done(&out);
}
END_TEST

TEST_MAIN("http_filter", paths_are_wanted_as_clients_write_them, a_list_has_limits)
