/*
 * One byte that says whether it is packed, then a body, or text in UTF-8: it is read or is a
 * fault with a reason, there are as many events as were counted, and an answer to it is
 * well-formed.
 */
#include <assert.h>
#include <stddef.h>

#include "collector/ingest/wef/wsman.h"
#include "common/utf8.h"

enum { ROOM = 32 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const struct wsman_message *message, enum wsman_fault fault)
{
	struct strbuf out = STRBUF_INIT(64 << 10), wide = STRBUF_INIT(128 << 10);
	enum markup_got got;
	struct markup xml;

	if (fault == WSMAN_FAULT_NONE)
		wsman_put_ack(&out, message);
	else
		wsman_put_fault(&out, message, fault, "why");
	assert(!out.overflow);
	markup_init(&xml, strbuf_slice(&out));
	while ((got = markup_next(&xml)) != MARKUP_DONE)
		assert(got != MARKUP_BROKEN);
	wsman_put_utf16(&wide, strbuf_slice(&out));
	strbuf_done(&out);
	strbuf_done(&wide);
}

static void check_text(struct slice text)
{
	struct strbuf scratch = STRBUF_INIT(ROOM);
	struct wsman_message message;
	const char *why = NULL;
	struct slice event;
	unsigned n = 0;

	const enum wsman_fault fault = wsman_read(text, &message, &why);
	assert((fault == WSMAN_FAULT_NONE) == (why == NULL));
	while (fault == WSMAN_FAULT_NONE && wsman_next_event(&message, &scratch, &event)) {
		assert(event.ptr != NULL && utf8_valid(event));
		(void)wsman_dropped(event);
		n++;
	}
	assert(fault != WSMAN_FAULT_NONE || n == message.n_events);
	check_answer(&message, fault);
	strbuf_done(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf text = STRBUF_INIT(ROOM);
	const char *why = NULL;

	if (size == 0)
		return 0;
	const struct slice body = slice_of(data + 1, size - 1);
	if (wsman_decode(body, data[0] % 2 != 0, &text, &why))
		check_text(strbuf_slice(&text));
	else
		assert(why != NULL);
	strbuf_done(&text);
	return 0;
}
