#include "agent/scan/hit_json.h"

#include <yyjson.h>

#include "tests/support/check.h"

static char long_text[HIT_TEXT_MAX];

static struct hit hit;
static struct stat st = {.st_mode = S_IFREG | 0644,
	.st_size = 68,
	.st_uid = 3,
	.st_ino = 17,
	.st_mtim = {1763000000, 5}};
static const struct hit_origin origin = {0xabc, "schedule", 0x12};

static yyjson_doc *write_item(const struct scan_object *object, struct strbuf *out)
{
	strbuf_init(out, 1 << 20);
	hit_json_item(out, &origin, object, &hit);
	ck_assert_uint_le(out->len, HIT_ITEM_MAX);
	ck_assert(!out->overflow);
	yyjson_doc *doc = yyjson_read(out->ptr, out->len, 0);
	ck_assert_msg(doc != NULL, "%.*s", SLICE_FMT(strbuf_slice(out)));
	return doc;
}

static const char *text_of(yyjson_doc *doc, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), key));

	return text != NULL ? text : "";
}

static bool has_cut(yyjson_doc *doc, const char *field)
{
	yyjson_val *cuts = yyjson_obj_get(yyjson_doc_get_root(doc), "soc.cut");

	for (size_t i = 0; i < yyjson_arr_size(cuts); i++) {
		if (yyjson_equals_str(yyjson_arr_get(cuts, i), field))
			return true;
	}
	return false;
}

START_TEST(an_item_has_what_the_collector_reads)
{
	struct scan_object object = {.path = SLICE_LIT("/tmp/x"),
		.st = &st,
		.owner = "www-data",
		.group = "",
		.sha256 = (const unsigned char[SHA256_SIZE]){0xab}};
	struct strbuf out;

	hit = (struct hit){.rule = SLICE_LIT("Eicar"), .ruleset = SLICE_LIT("test")};
	yyjson_doc *doc = write_item(&object, &out);
	ck_assert_str_eq(text_of(doc, "rule.name"), "Eicar");
	ck_assert_str_eq(text_of(doc, "rule.ruleset"), "test");
	ck_assert_str_eq(text_of(doc, "file.path"), "/tmp/x");
	ck_assert_str_eq(text_of(doc, "file.owner"), "www-data");
	ck_assert_str_eq(text_of(doc, "file.uid"), "3");
	ck_assert_str_eq(text_of(doc, "file.mode"), "0644");
	ck_assert_str_eq(text_of(doc, "file.mtime"), "2025-11-13T02:13:20.000000005Z");
	ck_assert_str_eq(text_of(doc, "soc.scan.id"), "0000000000000abc");
	ck_assert_str_eq(text_of(doc, "soc.yara.rules"), "0000000000000012");
	ck_assert_uint_eq(strlen(text_of(doc, "file.hash.sha256")), 64);
	/* What could not be learnt is absent. */
	ck_assert_ptr_null(yyjson_obj_get(yyjson_doc_get_root(doc), "file.group"));
	ck_assert_ptr_null(yyjson_obj_get(yyjson_doc_get_root(doc), "soc.cut"));
	ck_assert_ptr_null(yyjson_obj_get(yyjson_doc_get_root(doc), "tags"));
	yyjson_doc_free(doc);
	strbuf_done(&out);
}
END_TEST

START_TEST(a_name_of_any_bytes_keeps_them)
{
	struct scan_object object = {
		.path = SLICE_LIT("/a\xff\n\"b"), .st = &st, .owner = "", .group = ""};
	struct strbuf out;

	hit = (struct hit){.rule = SLICE_LIT("r")};
	yyjson_doc *doc = write_item(&object, &out);
	ck_assert_str_eq(text_of(doc, "file.path"), "/a\xef\xbf\xbd\n\"b");
	ck_assert_str_eq(text_of(doc, "soc.file.path_hex"), "2f61ff0a2262");
	ck_assert_ptr_null(memchr(out.ptr, '\n', out.len));
	yyjson_doc_free(doc);
	strbuf_done(&out);
}
END_TEST

START_TEST(what_is_too_large_goes_in_the_promised_order)
{
	struct scan_object object = {
		.path = SLICE_LIT("/x"), .st = &st, .owner = "", .group = ""};
	struct strbuf out;
	static char names[HIT_METAS_MAX][8];

	memset(long_text, '\\', sizeof(long_text)); /* each becomes two bytes */
	hit = (struct hit){.rule = SLICE_LIT("r"),
		.n_tags = 1,
		.tags = {SLICE_LIT("t")},
		.n_strings = 1,
		.strings = {{SLICE_LIT("$a"), 1, 2}},
		.n_metas = HIT_METAS_MAX};
	for (unsigned i = 0; i < HIT_METAS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "m%u", i);
		hit.metas[i] = (struct hit_meta){slice_str(names[i]), META_TEXT,
			slice_of(long_text, sizeof(long_text)), 0};
	}
	hit.metas[5].name = SLICE_LIT("malware");
	yyjson_doc *doc = write_item(&object, &out);
	yyjson_val *root = yyjson_doc_get_root(doc);
	ck_assert_ptr_null(yyjson_obj_get(root, "soc.yara.strings"));
	ck_assert_uint_eq(yyjson_obj_size(yyjson_obj_get(root, "soc.yara.meta")), 1);
	ck_assert_ptr_nonnull(yyjson_obj_get(root, "tags"));
	ck_assert(has_cut(doc, "soc.yara.strings"));
	ck_assert(has_cut(doc, "soc.yara.meta"));
	ck_assert(!has_cut(doc, "tags"));
	yyjson_doc_free(doc);
	strbuf_done(&out);
}
END_TEST

START_TEST(a_meta_said_twice_is_written_once)
{
	struct scan_object object = {
		.path = SLICE_LIT("/x"), .st = &st, .owner = "", .group = ""};
	struct strbuf out;

	hit = (struct hit){.rule = SLICE_LIT("r"),
		.n_metas = 3,
		.metas = {{SLICE_LIT("a"), META_INTEGER, SLICE_NONE, 1},
			{SLICE_LIT("a"), META_INTEGER, SLICE_NONE, 2},
			{SLICE_LIT("big"), META_INTEGER, SLICE_NONE, INT64_MAX}}};
	yyjson_doc *doc = write_item(&object, &out);
	yyjson_val *meta = yyjson_obj_get(yyjson_doc_get_root(doc), "soc.yara.meta");
	ck_assert_uint_eq(yyjson_obj_size(meta), 2);
	ck_assert_int_eq(yyjson_get_int(yyjson_obj_get(meta, "a")), 1);
	/* No JSON reader holds it exactly as a number. */
	ck_assert_str_eq(yyjson_get_str(yyjson_obj_get(meta, "big")), "9223372036854775807");
	ck_assert(has_cut(doc, "soc.yara.meta"));
	yyjson_doc_free(doc);
	strbuf_done(&out);
}
END_TEST

TEST_MAIN("hit_json", an_item_has_what_the_collector_reads, a_name_of_any_bytes_keeps_them,
	what_is_too_large_goes_in_the_promised_order, a_meta_said_twice_is_written_once)
