#include "collector/normalize/masking/secrets_private.h"

#include "collector/normalize/masking/masking.h"
#include "common/netaddr.h"

/* A secret longer than the window goes on in the whole text. */
static bool hide_in_whole(struct masking *window, size_t from, size_t to, struct slice with)
{
	struct masking *whole = window->whole;
	size_t end = window->at[to];

	if (to == window->text.len)
		end = masking_word_end(whole, end);
	whole->rule = window->rule;
	bool ok = masking_hide_as(whole, window->at[from], end, with);
	window->full = whole->full;
	return ok;
}

/* Hidden before, by a marker further left: what stands here is part of that secret. */
bool masking_is_hidden(const struct masking *masking, size_t at)
{
	if (masking->whole != NULL)
		return masking_is_hidden(masking->whole, masking->at[at]);
	return (masking->copy != NULL && masking->copy[at] == '*' &&
		       masking->text.ptr[at] != '*') ||
	       edits_have(masking->edits, at);
}

bool masking_is_all_hidden(const struct masking *masking, size_t from, size_t to)
{
	while (from < to && masking_is_hidden(masking, from))
		from++;
	return from == to;
}

static bool hide_by_stars(struct masking *masking, size_t from, size_t to)
{
	if (masking->copy == NULL) {
		masking->copy = arena_alloc(masking->arena, masking->text.len);
		if (masking->copy == NULL) {
			masking->full = true;
			return false;
		}
		memcpy(masking->copy, masking->text.ptr, masking->text.len);
	}
	memset(masking->copy + from, '*', to - from);
	return true;
}

static bool is_address(struct slice text)
{
	struct netaddr addr;

	return netaddr_parse(text, &addr);
}

/* Nobody's password is an address: who writes one there wants it out of the record. */
static void learn(struct masking *masking, size_t from, size_t to, struct slice with)
{
	struct slice text = masking->text;
	size_t lead = 0;

	if (is_address(slice_of(text.ptr + from, to - from)))
		return;
	if (to - from < SECRET_NAME_MIN)
		lead = from < LEAD_MAX ? from : LEAD_MAX;
	hidden_values_add(masking->learnt,
		(struct hidden_value){
			.value = slice_of(text.ptr + from - lead, to - from + lead),
			.with = with,
			.lead = lead,
			.rule = masking->rule});
}

/* Bytes [from, to) of the text; `with` a token, or absent for stars. */
bool masking_hide_as(struct masking *masking, size_t from, size_t to, struct slice with)
{
	if (masking->whole != NULL)
		return hide_in_whole(masking, from, to, with);
	if (!masking_is_hidden(masking, from))
		masking->tally->n[masking->rule]++;
	if (masking->learnt != NULL)
		learn(masking, from, to, with);
	if (!slice_absent(with) && edits_add(masking->edits, from, to, with) == EDITS_TAKEN)
		return true;
	return hide_by_stars(masking, from, to);
}

/* Bytes [from, to) of the text, as the rule says. */
bool masking_hide(struct masking *masking, size_t from, size_t to)
{
	const struct secrets *secrets = masking->secrets;
	struct slice with = SLICE_NONE;

	if (from >= to || masking_is_all_hidden(masking, from, to))
		return true;
	if (secrets->actions[masking->rule] == MASK_TOKEN) {
		with = masking_token(secrets, masking->arena, masking->rule,
			slice_of(masking->text.ptr + from, to - from));
		masking->full = slice_absent(with);
		if (masking->full)
			return false;
	}
	return masking_hide_as(masking, from, to, with);
}
