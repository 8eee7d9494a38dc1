#include "collector/national/shown.h"

#include "common/utf8.h"

const char *shown_text(struct shown *shown, struct slice text)
{
	struct strbuf out = STRBUF_INIT(sizeof(shown->text) - 1);
	struct slice head =
		slice_absent(text) ? SLICE_LIT("") : utf8_head(text, SHOWN_TEXT_MAX);

	utf8_show(&out, head);
	if (head.len < text.len)
		strbuf_add_str(&out, "...");
	memcpy(shown->text, strbuf_cstr(&out), out.len + 1);
	strbuf_done(&out);
	return shown->text;
}

void shown_add(struct shown_list *list, struct slice name, struct slice value)
{
	struct shown left, right;
	size_t len = strlen(shown_text(&left, name)) + 1 + strlen(shown_text(&right, value));

	if (list->n > 0)
		fputc(',', list->out);
	if (list->n > 0 && list->column + 2 + len > SHOWN_COLUMNS) {
		fprintf(list->out, "\n%*s", (int)list->indent, "");
		list->column = list->indent;
	} else if (list->n > 0) {
		fputc(' ', list->out);
		list->column += 2;
	}
	fprintf(list->out, "%s %s", left.text, right.text);
	list->column += len;
	list->n++;
}

void shown_end(struct shown_list *list)
{
	if (list->n == 0)
		fputs("nothing", list->out);
	fputc('\n', list->out);
}
