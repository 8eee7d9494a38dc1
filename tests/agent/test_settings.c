#include "agent/settings.h"

#include "agent/inputs/line_rule.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

static void expect_mistake(const char *text, const char *want)
{
	struct folder folder;
	struct agent_settings settings;
	struct strbuf mistakes = STRBUF_INIT(1 << 20);

	folder_make(&folder);
	folder_replace(&folder, "agent.yaml", text);
	ck_assert_ptr_null(
		agent_settings_load(folder_path(&folder, "agent.yaml"), &settings, &mistakes));
	ck_assert_msg(strstr(strbuf_cstr(&mistakes), want) != NULL, "got %s", mistakes.ptr);
	strbuf_done(&mistakes);
	folder_remove(&folder);
}

START_TEST(a_small_file_is_enough)
{
	struct folder folder;
	struct agent_settings settings;
	const struct file_settings *group;
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	struct conf *conf;

	folder_make(&folder);
	folder_replace(&folder, "agent.yaml",
		"uplink: {collector: [\"collector:6514\", \"[::1]:6514\"]}\n"
		"files: {groups: [{paths: [\"/var/log/*.log\"], multiline: {by: blank}}]}\n");
	conf = agent_settings_load(folder_path(&folder, "agent.yaml"), &settings, &mistakes);
	ck_assert_msg(conf != NULL, "%s", strbuf_cstr(&mistakes));
	ck_assert_uint_eq(settings.uplink.collector.n, 2);
	ck_assert_uint_eq(settings.files.groups.n, 1);
	group = settings.files.groups.items;
	ck_assert_str_eq(group->paths.items[0], "/var/log/*.log");
	ck_assert_int_eq(group->multiline.by, LINE_RULE_BLANK);
	ck_assert_uint_eq(group->record_max, 64 << 10);
	conf_free(conf);
	strbuf_done(&mistakes);
	folder_remove(&folder);
}
END_TEST

START_TEST(mistakes_have_their_place)
{
	expect_mistake("state: /x\n", "'collector' is missing");
	expect_mistake("uplink: {collector: [nowhere]}\n", "agent.yaml:1:");
	expect_mistake("uplink: {collector: [\"h:0\"]}\n", "1 to 65535");
	expect_mistake("uplink: {collector: [\"::1:5\"]}\n", "stand in [ ]");
	expect_mistake("uplink:\n  collector: [\"h:1\"]\n  retry-first: 2m\n", ":3:");
	expect_mistake("uplink: {collector: [\"h:1\"]}\nfiles: {groups: [{paths: [/a],\n"
		       "  multiline: {by: start}}]}\n",
		"needs an expression");
	expect_mistake("uplink: {collector: [\"h:1\"]}\nfiles: {groups: [{paths: [/a],\n"
		       "  multiline: {by: start, start: \"[\"}}]}\n",
		"expression '['");
	expect_mistake("uplink: {collector: [\"h:1\"]}\nfiles: {groups: [{paths: [/a],\n"
		       "  multiline: {start: \"x\"}}]}\n",
		"with 'by: start' only");
}
END_TEST

TEST_MAIN("settings", a_small_file_is_enough, mistakes_have_their_place)
