#include "tests/agent/inputs/fake_intake.h"

#include <stdio.h>
#include <stdlib.h>

static void *grow(void *array, size_t n, size_t size)
{
	if (n != 0 && (n & (n - 1)) != 0)
		return array;

	void *grown = realloc(array, (n ? n * 2 : 1) * size);
	if (grown == NULL)
		abort();
	return grown;
}

static char *text_of(struct slice bytes)
{
	char *text = malloc(bytes.len + 1);

	if (text == NULL)
		abort();
	memcpy(text, bytes.ptr, bytes.len);
	text[bytes.len] = '\0';
	return text;
}

void fake_intake_init(struct intake *intake)
{
	*intake = (struct intake){.refuse_after = SIZE_MAX};
}

static void free_positions(struct fake_position *positions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(positions[i].name);
	free(positions);
}

static void cut_items(struct intake *intake, size_t n)
{
	while (intake->n_items > n) {
		intake->n_items--;
		free(intake->items[intake->n_items].name);
		free(intake->items[intake->n_items].bytes);
	}
}

void fake_intake_done(struct intake *intake)
{
	cut_items(intake, 0);
	free(intake->items);
	for (size_t i = 0; i < intake->n_losses; i++)
		free(intake->losses[i].name);
	free(intake->losses);
	free_positions(intake->positions, intake->n_positions);
	free_positions(intake->durable, intake->n_durable_positions);
}

static struct fake_position *copy_positions(const struct fake_position *from, size_t n)
{
	struct fake_position *to = calloc(n + 1, sizeof(*to));

	if (to == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		to[i] = from[i];
		to[i].name = text_of(slice_str(from[i].name));
	}
	return to;
}

void fake_intake_commit(struct intake *intake)
{
	free_positions(intake->durable, intake->n_durable_positions);
	intake->durable = copy_positions(intake->positions, intake->n_positions);
	intake->n_durable_positions = intake->n_positions;
	intake->n_durable = intake->n_items;
}

void fake_intake_crash(struct intake *intake)
{
	cut_items(intake, intake->n_durable);
	free_positions(intake->positions, intake->n_positions);
	intake->positions = copy_positions(intake->durable, intake->n_durable_positions);
	intake->n_positions = intake->n_durable_positions;
}

const char *fake_intake_text(const struct intake *intake, size_t i)
{
	return i < intake->n_items ? intake->items[i].bytes : "";
}

static struct fake_position *find_position(struct intake *intake, struct slice name)
{
	for (size_t i = 0; i < intake->n_positions; i++)
		if (slice_eq(slice_str(intake->positions[i].name), name))
			return &intake->positions[i];
	return NULL;
}

static void set_position(struct intake *intake, const struct chunk_source *source)
{
	struct fake_position *position = find_position(intake, source->name);

	if (position == NULL) {
		struct fake_position *more =
			realloc(intake->positions, (intake->n_positions + 1) * sizeof(*more));
		if (more == NULL)
			abort();
		intake->positions = more;
		position = &more[intake->n_positions++];
		position->name = text_of(source->name);
	}
	position->len = source->position.len;
	memcpy(position->bytes, source->position.ptr, position->len);
}

bool intake_add(struct intake *intake, const struct intake_item *item)
{
	if (intake->on_item != NULL)
		intake->on_item(intake->user);
	if (item->item.kind == ITEM_STATE) {
		intake->n_states++;
		snprintf(intake->state, sizeof(intake->state), "%.*s",
			SLICE_FMT(item->item.bytes));
		if (item->source.position.len > 0)
			set_position(intake, &item->source);
		return true;
	}
	intake->n_offered++;
	intake->refused =
		intake->n_items >= intake->refuse_after ||
		(intake->refuse_each != 0 && intake->n_offered % intake->refuse_each == 0);
	if (intake->refused)
		return false;
	intake->items = grow(intake->items, intake->n_items, sizeof(*intake->items));
	intake->items[intake->n_items++] = (struct fake_item){
		.name = text_of(item->source.name),
		.bytes = text_of(item->item.bytes),
		.len = item->item.bytes.len,
		.kind = item->item.kind,
		.lane = item->lane,
		.flags = item->item.flags,
		.offset = item->item.offset,
		.whole = item->item.whole,
	};
	memcpy(intake->items[intake->n_items - 1].format, item->source.format.ptr,
		item->source.format.len < CHUNK_WORD_MAX ? item->source.format.len
							 : CHUNK_WORD_MAX);
	set_position(intake, &item->source);
	return true;
}

void intake_position(
	struct intake *intake, enum frame_lane lane, const struct chunk_source *source)
{
	(void)lane;
	set_position(intake, source);
}

void intake_forget(struct intake *intake, struct slice input, struct slice name)
{
	struct fake_position *position = find_position(intake, name);

	(void)input;
	if (position == NULL)
		return;
	free(position->name);
	*position = intake->positions[--intake->n_positions];
}

void intake_declare(struct intake *intake, enum frame_lane lane, struct slice source,
	uint64_t count, uint8_t reason, uint64_t bytes)
{
	(void)lane;
	intake->losses = grow(intake->losses, intake->n_losses, sizeof(*intake->losses));
	intake->losses[intake->n_losses++] = (struct fake_loss){
		.name = text_of(source), .count = count, .bytes = bytes, .reason = reason};
}

int64_t intake_known_ns(const struct intake *intake)
{
	return intake->known_ns;
}
