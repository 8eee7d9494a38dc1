#include "collector/ctl/layout.h"

#include "tests/support/check.h"

static void expect(const char *answer, const char *want)
{
	struct strbuf out = STRBUF_INIT(1 << 16);

	ck_assert(layout_put(&out, slice_str(answer)));
	ck_assert_str_eq(strbuf_cstr(&out), want);
	strbuf_done(&out);
}

START_TEST(a_line_a_member_and_sections_behind_them)
{
	expect("{\"version\":\"0.1\",\"store\":{\"bytes\":[1,2],\"full\":false},\"online\":3,"
	       "\"national\":{\"topics\":[{\"type\":\"a\"}],\"waiting\":0,\"held\":[]}}",
		"version                          0.1\n"
		"online                           3\n"
		"\nstore\n"
		"bytes                            1 2\n"
		"full                             no\n"
		"\nnational\n"
		"waiting                          0\n"
		"held                             none\n"
		"\nnational.topics\n"
		"type\na\n1 in all\n");
}
END_TEST

START_TEST(a_list_is_a_table_with_a_column_for_each_name)
{
	expect("{\"agents\":[{\"host\":1,\"name\":\"Sở Y tế\"},"
	       "{\"host\":200,\"why\":null,\"name\":\"b\"}]}",
		"host  name     why\n"
		"   1  Sở Y tế  -\n"
		" 200  b        -\n"
		"2 in all\n");
}
END_TEST

START_TEST(an_empty_list_says_so)
{
	expect("{\"agents\":[]}", "0 in all\n");
}
END_TEST

START_TEST(what_others_say_cannot_steer_the_terminal)
{
	expect("{\"agents\":[{\"version\":\"\\u001b]0;x\\u0007\\n\\u202e1\"}]}",
		"version\n\\x1b]0;x\\x07\\x0a\\xe2\\x80\\xae1\n1 in all\n");
	expect("{\"a\":\"\\u009b2J\",\"b\":1}",
		"a                                \\xc2\\x9b2J\n"
		"b                                1\n");
}
END_TEST

START_TEST(what_is_no_json_is_left_alone)
{
	struct strbuf out = STRBUF_INIT(1 << 10);

	ck_assert(!layout_put(&out, SLICE_LIT("no such request")));
	ck_assert_uint_eq(out.len, 0);
	strbuf_done(&out);
}
END_TEST

TEST_MAIN("layout", a_line_a_member_and_sections_behind_them,
	a_list_is_a_table_with_a_column_for_each_name, an_empty_list_says_so,
	what_others_say_cannot_steer_the_terminal, what_is_no_json_is_left_alone)
