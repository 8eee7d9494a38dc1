#include "collector/normalize/text/references.h"

#include "collector/normalize/text/extract.h"
#include "common/markup.h"

enum { ENTITY_MAX = MARKUP_REFERENCE_MAX + 1 /* bytes, with the ';' */ };

/* A character is never longer than the entity it came from. */
struct slice put_references_in(struct parse_context *context, struct slice text)
{
	char *start, *to;

	if (slice_find(text, '&') == text.len)
		return text;
	start = to = arena_alloc(context->arena, text.len);
	if (start == NULL) {
		context->full = true;
		return SLICE_NONE;
	}
	for (size_t i = 0; i < text.len; i++) {
		struct slice rest = slice_from(text, i + 1), name;
		uint32_t code = 0;

		if (rest.len > ENTITY_MAX)
			rest.len = ENTITY_MAX;
		if (text.ptr[i] == '&' && take_until(&rest, ';', &name))
			code = markup_character(name);
		if (code == 0) {
			*to++ = text.ptr[i];
			continue;
		}
		to += markup_put_utf8(to, code);
		i += name.len + 1;
	}
	return slice_of(start, (size_t)(to - start));
}
