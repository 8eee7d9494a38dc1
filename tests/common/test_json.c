#include "common/json.h"

#include <math.h>

#include "tests/support/check.h"

START_TEST(commas_fall_in_place)
{
	struct strbuf out = STRBUF_INIT(1000);
	struct json json = json_into(&out);

	json_object(&json);
	json_put_u64(&json, "a", 1);
	json_key(&json, SLICE_LIT("b"));
	json_array(&json);
	json_bool(&json, true);
	json_null(&json);
	json_object(&json);
	json_object_end(&json);
	json_i64(&json, -2);
	json_array_end(&json);
	json_put_str(&json, "c", "d");
	json_put_text(&json, "e", SLICE_NONE);
	json_object_end(&json);
	ck_assert_str_eq(
		strbuf_cstr(&out), "{\"a\":1,\"b\":[true,null,{},-2],\"c\":\"d\",\"e\":null}");
	strbuf_done(&out);
}
END_TEST

START_TEST(any_bytes_become_json_text)
{
	struct strbuf out = STRBUF_INIT(1000);

	json_escape(&out, SLICE_LIT("a\"\\\n\r\t\0\x1b\x7fỦ\xff"));
	ck_assert_str_eq(
		strbuf_cstr(&out), "a\\\"\\\\\\n\\r\\t\\u0000\\u001b\\u007fỦ\xef\xbf\xbd");
	strbuf_done(&out);
}
END_TEST

START_TEST(numbers_that_json_lacks_are_null)
{
	struct strbuf out = STRBUF_INIT(1000);
	struct json json = json_into(&out);

	json_array(&json);
	json_double(&json, NAN);
	json_double(&json, 0.5);
	json_array_end(&json);
	ck_assert_str_eq(strbuf_cstr(&out), "[null,0.5]");
	strbuf_done(&out);
}
END_TEST

START_TEST(ids_are_text_of_sixteen_digits)
{
	struct strbuf out = STRBUF_INIT(1000);
	struct json json = json_into(&out);

	json_object(&json);
	json_put_id(&json, "a", 0xfeedULL);
	json_put_id(&json, "b", UINT64_MAX);
	json_object_end(&json);
	ck_assert_str_eq(
		strbuf_cstr(&out), "{\"a\":\"000000000000feed\",\"b\":\"ffffffffffffffff\"}");
	strbuf_done(&out);
}
END_TEST

TEST_MAIN("json", commas_fall_in_place, any_bytes_become_json_text,
	numbers_that_json_lacks_are_null, ids_are_text_of_sixteen_digits)
