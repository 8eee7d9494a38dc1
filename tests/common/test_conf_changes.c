#include "common/conf_changes.h"

#include "common/conf.h"
#include "tests/support/check.h"

struct item {
	const char *path;
};

struct room {
	uint64_t size;
	const char *dir;
};

struct settings {
	const char *name;
	bool on;
	struct room store, keys;
	struct setting_texts words;
	struct setting_sections items;
};

static const struct setting room_table[] = {
	{"size", SETTING_BYTES, offsetof(struct room, size), "1MiB", 0, 0, "h"},
	{"dir", SETTING_TEXT, offsetof(struct room, dir), "d", 0, 0, "h", .live = true},
	{0},
};

static const struct setting item_table[] = {
	{"path", SETTING_TEXT, offsetof(struct item, path), NULL, 0, 0, "h"},
	{0},
};

static const struct setting table[] = {
	{"name", SETTING_TEXT, offsetof(struct settings, name), "n", 0, 0, "h"},
	{"on", SETTING_FLAG, offsetof(struct settings, on), "true", 0, 0, "h"},
	{"store", SETTING_SECTION, offsetof(struct settings, store), NULL, 0, 0, "h",
		.table = room_table},
	{"keys", SETTING_SECTION, offsetof(struct settings, keys), NULL, 0, 0, "h",
		.table = room_table, .live = true},
	{"words", SETTING_TEXTS, offsetof(struct settings, words), "[a, b]", 0, 9, "h"},
	{"items", SETTING_SECTIONS, offsetof(struct settings, items), NULL, 0, 9, "h",
		.table = item_table, .size = sizeof(struct item)},
	{0},
};

static struct strbuf told = STRBUF_INIT(4096);

static void tell(void *user, const char *key, bool live)
{
	(void)user;
	strbuf_addf(&told, "%s%s ", key, live ? "!" : "");
}

/* What changes between two files. */
static const char *between(const char *before, const char *after)
{
	struct strbuf mistakes = STRBUF_INIT(4096);
	struct settings old = {0}, new = {0};
	struct conf *a = conf_parse("a", slice_str(before), table, &old, &mistakes);
	struct conf *b = conf_parse("b", slice_str(after), table, &new, &mistakes);

	ck_assert_msg(a != NULL && b != NULL, "%s", strbuf_cstr(&mistakes));
	strbuf_reset(&told);
	conf_changes(table, &old, &new, tell, NULL);
	conf_free(a);
	conf_free(b);
	strbuf_done(&mistakes);
	return strbuf_cstr(&told);
}

START_TEST(what_is_the_same_is_not_told)
{
	ck_assert_str_eq(between("name: n\n", "words: [a, b]\n"), "");
	ck_assert_str_eq(between("items:\n  - path: x\n", "items:\n  - path: x\n"), "");
}
END_TEST

START_TEST(each_change_is_told_with_its_dotted_key)
{
	ck_assert_str_eq(between("", "name: m\non: false\n"), "name on ");
	ck_assert_str_eq(
		between("", "store:\n  size: 2MiB\n  dir: e\n"), "store.size store.dir! ");
	ck_assert_str_eq(between("", "words: [a]\n"), "words ");
	ck_assert_str_eq(between("", "words: [a, c]\n"), "words ");
}
END_TEST

START_TEST(a_list_of_sections_and_a_live_section_are_one_setting)
{
	ck_assert_str_eq(between("items:\n  - path: x\n", "items:\n  - path: y\n"), "items ");
	ck_assert_str_eq(between("", "items:\n  - path: y\n"), "items ");
	ck_assert_str_eq(between("", "keys:\n  size: 2MiB\n  dir: e\n"), "keys! ");
}
END_TEST

TEST_MAIN("conf_changes", what_is_the_same_is_not_told, each_change_is_told_with_its_dotted_key,
	a_list_of_sections_and_a_live_section_are_one_setting)
