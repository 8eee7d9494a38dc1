#include "collector/detect/sigma/rule_class.h"

#include "tests/support/check.h"
#include "tests/support/folder.h"

/* With these tags, between blanks. */
static enum attack_class class_of(
	const struct rule_classes *classes, const char *words, const char *category)
{
	struct slice tags[8], rest = slice_str(words);
	struct sigma_rule rule = {.tags = tags};

	while (rest.len > 0 && slice_cut(&rest, ' ', &tags[rule.n_tags]))
		rule.n_tags++;
	if (category != NULL)
		rule.source.parts[0] = slice_str(category);
	return rule_class(classes, &rule);
}

static struct rule_classes *load_text(const char *text, struct strbuf *mistakes)
{
	struct rule_classes *classes;
	struct folder folder;

	folder_make(&folder);
	folder_replace(&folder, "classes.yaml", text);
	classes = rule_classes_load(folder_path(&folder, "classes.yaml"), mistakes);
	folder_remove(&folder);
	return classes;
}

START_TEST(a_rule_says_its_class_itself)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);
	struct rule_classes *classes = rule_classes_load(NULL, &mistakes);

	ck_assert_str_eq(strbuf_cstr(&mistakes), "");
	ck_assert_int_eq(
		class_of(classes, "attack.t1486 soc.class.deface", NULL), CLASS_DEFACE);
	ck_assert_int_eq(
		class_of(classes, "soc.class.nothing attack.t1486", NULL), CLASS_RANSOMWARE);
	ck_assert_int_eq(
		rule_class_of_tag(SLICE_LIT("soc.class.data-theft")), CLASS_DATA_THEFT);
	ck_assert_int_eq(rule_class_of_tag(SLICE_LIT("soc.class.none")), CLASS_COUNT);
	ck_assert_int_eq(rule_class_of_tag(SLICE_LIT("soc.class.")), CLASS_COUNT);
	ck_assert_int_eq(rule_class_of_tag(SLICE_LIT("attack.t1486")), CLASS_NONE);
	rule_classes_free(classes);
	strbuf_done(&mistakes);
}
END_TEST

START_TEST(else_the_table_that_is_built_in_does)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);
	struct rule_classes *classes = rule_classes_load(NULL, &mistakes);

	ck_assert_int_eq(
		class_of(classes, "attack.execution attack.t1490", NULL), CLASS_RANSOMWARE);
	ck_assert_int_eq(class_of(classes, "attack.initial-access attack.t1566.001", NULL),
		CLASS_PHISHING);
	ck_assert_int_eq(
		class_of(classes, "attack.T1110.003", NULL), CLASS_UNAUTHORIZED_ACCESS);
	ck_assert_int_eq(class_of(classes, "attack.discovery", NULL), CLASS_RECON);
	ck_assert_int_eq(class_of(classes, "", "antivirus"), CLASS_MALWARE);
	ck_assert_int_eq(class_of(classes, "", "process_creation"), CLASS_OTHER);
	ck_assert_int_eq(class_of(classes, "attack.t1486x attack.t14", NULL), CLASS_OTHER);
	rule_classes_free(classes);
	strbuf_done(&mistakes);
}
END_TEST

START_TEST(the_first_entry_that_fits_decides)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);
	struct rule_classes *classes = load_text(
		"classes:\n  - {class: sabotage, tags: [a.b], log-sources: [{category: Web}]}\n"
		"  - {class: recon, tags: [a.b, a.c]}\n  - {class: dos, tags: [a]}\n",
		&mistakes);

	ck_assert_str_eq(strbuf_cstr(&mistakes), "");
	ck_assert_int_eq(class_of(classes, "a.b.1", "web"), CLASS_SABOTAGE);
	ck_assert_int_eq(class_of(classes, "a.b.1", "dns"), CLASS_RECON);
	ck_assert_int_eq(class_of(classes, "a.d", "web"), CLASS_DOS);
	ck_assert_int_eq(class_of(classes, "b", "web"), CLASS_OTHER);
	rule_classes_free(classes);
	strbuf_done(&mistakes);
}
END_TEST

START_TEST(mistakes_have_their_place_and_harm_no_other_entry)
{
	static const char *const places[] = {
		"classes.yaml:2:5: ", /* neither tags nor log sources */
		"classes.yaml:3:13: no class is called 'hacking'",
		"classes.yaml:4:30: ",
		"classes.yaml:5:18: unknown key 'tag'",
		"classes.yaml:6:32: ",
		"classes.yaml:7:36: ",
		"classes.yaml:8:5: ",
		"classes.yaml:9:24: ",
	};
	struct strbuf mistakes = STRBUF_INIT(1 << 16);
	struct rule_classes *classes = load_text("classes:\n"
						 "  - {class: dos}\n"
						 "  - {class: hacking, tags: [a]}\n"
						 "  - {class: dos, tags: [a.b, [c]]}\n"
						 "  - {class: dos, tag: a, tags: [a]}\n"
						 "  - {class: dos, log-sources: [{x: y}]}\n"
						 "  - {class: dos, log-sources: [    x]}\n"
						 "  - text\n"
						 "  - {class: dos, tags: attack}\n"
						 "  - {class: dos, tags: [right]}\n",
		&mistakes);
	struct slice rest = strbuf_slice(&mistakes), line;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		ck_assert(slice_cut(&rest, '\n', &line));
		ck_assert_msg(slice_search(line, slice_str(places[i])) < line.len, "%s: %.*s",
			places[i], SLICE_FMT(line));
	}
	ck_assert_uint_eq(rest.len, 0);
	ck_assert_int_eq(class_of(classes, "right", NULL), CLASS_DOS);
	rule_classes_free(classes);
	strbuf_done(&mistakes);
}
END_TEST

START_TEST(another_file_altogether_is_a_mistake)
{
	static const char *const texts[] = {
		"", "[]", "x: y", "classes: x", "classes: [\n", "classes: []\nmore: x\n"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct strbuf mistakes = STRBUF_INIT(1 << 16);
		struct rule_classes *classes = load_text(texts[i], &mistakes);

		ck_assert_msg(mistakes.len > 0, "%s", texts[i]);
		ck_assert_int_eq(class_of(classes, "attack.t1486", NULL), CLASS_OTHER);
		rule_classes_free(classes);
		strbuf_done(&mistakes);
	}
}
END_TEST

TEST_MAIN("rule_class", a_rule_says_its_class_itself, else_the_table_that_is_built_in_does,
	the_first_entry_that_fits_decides, mistakes_have_their_place_and_harm_no_other_entry,
	another_file_altogether_is_a_mistake)
