/* National messages of strangers: whatever the bytes are, checking, verifying and showing them
 * end, and what is refused is refused with words. */
#include <stdlib.h>

#include "collector/national/message.h"
#include "collector/national/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct national_profile *profile(void)
{
	static struct national_profile *loaded;
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	if (loaded == NULL)
		loaded = national_profile_load(NULL, &mistakes);
	if (loaded == NULL)
		abort();
	strbuf_done(&mistakes);
	return loaded;
}

static FILE *nowhere(void)
{
	static FILE *out;

	if (out == NULL && (out = fopen("/dev/null", "w")) == NULL)
		abort();
	return out;
}

static void look_at(const struct message_type *type, struct slice body, struct slice jws)
{
	struct strbuf words = STRBUF_INIT(1 << 20);
	struct err err;

	if (type->check(profile(), "x", body, &words) != (words.len == 0))
		abort();
	strbuf_reset(&words);
	(void)!type->verify(profile(), body, jws, NULL, &words);
	if (words.len == 0)
		abort();
	(void)!type->show(body, nowhere(), &err);
	strbuf_done(&words);
}

/* A message; or behind a NUL the JWS of what stands before it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice rest = slice_of(bytes, len), body;

	(void)!slice_cut(&rest, '\0', &body);
	for (size_t i = 0; message_types[i] != NULL; i++)
		look_at(message_types[i], body, rest);
	return 0;
}
