#include "agent/scan/rules.h"

#include "tests/support/folder.h"

static bool gather(const char *path, struct rules *rules)
{
	struct err err;

	return rules_gather(&path, 1, rules, &err);
}

START_TEST(sources_are_found_below_a_folder_in_order)
{
	struct folder folder;
	struct rules rules;

	folder_make(&folder);
	ck_assert_int_eq(mkdir(folder_path(&folder, "apt"), 0700), 0);
	folder_replace(&folder, "z.yar", "3");
	folder_replace(&folder, "apt/b.yara", "2");
	folder_replace(&folder, "apt/a.yar", "1");
	folder_replace(&folder, "notes.txt", "no");
	ck_assert(gather(folder.path, &rules));
	ck_assert_uint_eq(rules.n, 3);
	ck_assert_str_eq(rules.sources[0].name, "apt/a.yar");
	ck_assert_str_eq(rules.sources[0].ruleset, "apt/a");
	ck_assert_str_eq(rules.sources[0].text, "1");
	ck_assert_str_eq(rules.sources[2].name, "z.yar");
	rules_done(&rules);
	folder_remove(&folder);
}
END_TEST

START_TEST(the_version_is_of_names_and_texts)
{
	struct folder folder, other;
	struct rules rules;
	uint64_t version;

	folder_make(&folder);
	folder_make(&other);
	folder_replace(&folder, "a.yar", "1");
	folder_replace(&other, "a.yar", "1");
	ck_assert(gather(folder.path, &rules));
	version = rules.version;
	rules_done(&rules);
	ck_assert(gather(other.path, &rules)); /* wherever they lie */
	ck_assert_uint_eq(rules.version, version);
	rules_done(&rules);
	folder_replace(&other, "a.yar", "2");
	ck_assert(gather(other.path, &rules));
	ck_assert_uint_ne(rules.version, version);
	rules_done(&rules);
	folder_replace(&other, "a.yar", "1");
	folder_rename(&other, "a.yar", "b.yar");
	ck_assert(gather(other.path, &rules));
	ck_assert_uint_ne(rules.version, version);
	rules_done(&rules);
	folder_remove(&folder);
	folder_remove(&other);
}
END_TEST

/* SHA-256("a.yar" NUL 00..01 "1"), computed with another tool. */
START_TEST(the_version_is_as_documented)
{
	struct folder folder;
	struct rules rules;

	folder_make(&folder);
	folder_replace(&folder, "a.yar", "1");
	ck_assert(gather(folder.path, &rules));
	ck_assert_uint_eq(rules.version, UINT64_C(0x3a2ee9310cdec024));
	rules_done(&rules);
	folder_remove(&folder);
}
END_TEST

START_TEST(one_name_in_two_folders_makes_two_name_spaces)
{
	struct folder first, second;
	struct rules rules;
	struct err err;

	folder_make(&first);
	folder_make(&second);
	folder_replace(&first, "a.yar", "1");
	folder_replace(&second, "a.yar", "2");
	const char *paths[] = {first.path, second.path};
	ck_assert(rules_gather(paths, 2, &rules, &err));
	ck_assert_str_eq(rules.sources[0].ruleset, "a");
	ck_assert_str_eq(rules.sources[1].ruleset, "a#2");
	rules_done(&rules);
	folder_remove(&first);
	folder_remove(&second);
}
END_TEST

START_TEST(a_path_that_is_not_there_is_an_error)
{
	struct rules rules;
	struct err err = {0};
	const char *path = "/tmp/soc-no-such-rules";

	ck_assert(!rules_gather(&path, 1, &rules, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
}
END_TEST

START_TEST(a_reason_names_file_and_line)
{
	struct rule_source source = {.path = (char[]){"d/a.yar"}};
	struct strbuf out = STRBUF_INIT(256);

	rules_refuse(&source, SLICE_LIT("12: undefined string"));
	rules_reason(&source, &out);
	ck_assert_str_eq(strbuf_cstr(&out), "d/a.yar:12: undefined string");
	strbuf_reset(&out);
	rules_refuse(&source, SLICE_LIT("0: not to be read"));
	rules_reason(&source, &out);
	ck_assert_str_eq(strbuf_cstr(&out), "d/a.yar: not to be read");
	strbuf_done(&out);
}
END_TEST

TEST_MAIN("rules", sources_are_found_below_a_folder_in_order, the_version_is_of_names_and_texts,
	the_version_is_as_documented, one_name_in_two_folders_makes_two_name_spaces,
	a_path_that_is_not_there_is_an_error, a_reason_names_file_and_line)
