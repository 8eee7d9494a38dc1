#include "collector/national/schema.h"

#include "tests/support/check.h"

static bool check_text(const char *schema_text, const char *text, struct strbuf *out)
{
	struct mistakes mistakes = mistakes_into(out, "x");
	struct err err;
	struct schema *schema = schema_read(slice_str(schema_text), &err);

	ck_assert_msg(schema != NULL, "%s: %s", schema_text, err.text);
	struct json_file *file = json_file_read(slice_str(text), &mistakes);
	bool right = file != NULL && schema_check(schema, file, &mistakes);
	json_file_free(file);
	schema_free(schema);
	return right;
}

START_TEST(every_keyword_accepts_and_refuses)
{
	static const struct {
		const char *schema, *good, *bad;
	} cases[] = {
		{"{\"type\":\"integer\"}", "1.0", "1.5"},
		{"{\"type\":\"integer\"}", "18446744073709551615", "\"1\""},
		{"{\"type\":[\"null\",\"boolean\"]}", "null", "0"},
		{"{\"type\":\"object\"}", "{}", "[]"},
		{"{\"type\":\"array\"}", "[]", "{}"},
		{"{\"type\":\"number\"}", "1e3", "true"},
		{"{\"const\":\"a\"}", "\"a\"", "\"b\""},
		{"{\"enum\":[\"a\",\"b\"]}", "\"b\"", "1"},
		{"{\"pattern\":\"^a+$\"}", "\"aa\"", "\"aab\""},
		{"{\"pattern\":\"^a+$\"}", "1", "\"a\\u0000\""},
		{"{\"minLength\":2}", "\"ệệ\"", "\"ệ\""},
		{"{\"maxLength\":2}", "\"ệệ\"", "\"abc\""},
		{"{\"minimum\":0}", "0", "-1"},
		{"{\"maximum\":5}", "5", "5.5"},
		{"{\"minItems\":1}", "[1]", "[]"},
		{"{\"maxItems\":1}", "[1]", "[1,2]"},
		{"{\"items\":{\"type\":\"null\"}}", "[null]", "[null,1]"},
		{"{\"properties\":{\"a\":{\"type\":\"null\"}}}", "{\"b\":1}", "{\"a\":1}"},
		{"{\"required\":[\"a\"]}", "{\"a\":1}", "{}"},
		{"{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"a\":1}",
			"{\"b\":1}"},
		{"{\"$ref\":\"#/$defs/n\",\"$defs\":{\"n\":{\"type\":\"null\"}}}", "null", "1"},
		{"{\"oneOf\":[{\"minimum\":2},{\"maximum\":3}]}", "1", "2"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT(4096);

		ck_assert_msg(check_text(cases[i].schema, cases[i].good, &out), "%s %s: %s",
			cases[i].schema, cases[i].good, strbuf_cstr(&out));
		ck_assert_msg(!check_text(cases[i].schema, cases[i].bad, &out), "%s %s",
			cases[i].schema, cases[i].bad);
		ck_assert_msg(out.len > 0, "%s %s: no words", cases[i].schema, cases[i].bad);
		strbuf_done(&out);
	}
}
END_TEST

START_TEST(what_is_not_supported_is_refused_and_not_left_out)
{
	static const char *const wrong[] = {
		"",
		"[]",
		"{\"multipleOf\":2}",
		"{\"additionalProperties\":true}",
		"{\"const\":1}",
		"{\"pattern\":\"(\"}",
		"{\"$ref\":\"#/$defs/none\"}",
		"{\"$ref\":\"https://example.org/\"}",
		"{\"items\":{\"format\":\"date\"}}",
		"{\"properties\":{\"a\":{\"not\":{}}}}",
		"{\"oneOf\":[{\"if\":{}}]}",
		"{\"$defs\":{\"a\":{\"anyOf\":[]}}}",
		"{\"properties\":{\"a\":1}}",
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct err err;
		struct schema *schema = schema_read(slice_str(wrong[i]), &err);

		ck_assert_msg(schema == NULL, "%s was taken", wrong[i]);
	}
}
END_TEST

START_TEST(places_are_those_of_the_text)
{
	struct strbuf out = STRBUF_INIT(4096);

	ck_assert(!check_text("{\"items\":{\"properties\":{\"b\":{\"const\":\"x\"}}}}",
		"[{},\n {\"a\":1,\n  \"b\":\"y\"}]", &out));
	ck_assert_slice_eq(strbuf_slice(&out), SLICE_LIT("x:3:7: '[1].b': expected 'x'\n"));
	strbuf_reset(&out);
	ck_assert(!check_text(
		"{\"properties\":{\"a\":{\"type\":\"null\"}}}", "{\n\t\"a\": 1}", &out));
	ck_assert_slice_eq(strbuf_slice(&out), SLICE_LIT("x:2:2: 'a': expected 'null'\n"));
	strbuf_done(&out);
}
END_TEST

START_TEST(a_schema_that_never_ends_does_not_hang)
{
	struct strbuf out = STRBUF_INIT(4096);

	ck_assert(!check_text(
		"{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"$ref\":\"#/$defs/a\"}}}", "1",
		&out));
	ck_assert(slice_search(strbuf_slice(&out), SLICE_LIT("too deep")) < out.len);
	strbuf_done(&out);
}
END_TEST

TEST_MAIN("schema", every_keyword_accepts_and_refuses,
	what_is_not_supported_is_refused_and_not_left_out, places_are_those_of_the_text,
	a_schema_that_never_ends_does_not_hang)
