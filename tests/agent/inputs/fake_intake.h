/*
 * fake_intake - an intake that keeps what inputs give, and forgets on demand
 *
 * What was given counts as durable only after fake_intake_commit(); a crash
 * (fake_intake_crash) takes back the rest, with the positions.
 */
#ifndef TESTS_AGENT_INPUTS_FAKE_INTAKE_H
#define TESTS_AGENT_INPUTS_FAKE_INTAKE_H

#include "agent/input.h"

struct fake_item {
	char *name, *bytes;
	size_t len;
	enum item_kind kind;
	enum frame_lane lane;
	unsigned flags;
	uint64_t offset, whole;
	char format[CHUNK_WORD_MAX + 1];
};

struct fake_loss {
	char *name;
	uint64_t count, bytes;
	uint8_t reason;
};

struct fake_position {
	char *name;
	char bytes[256];
	size_t len;
};

struct intake {
	struct fake_item *items;
	size_t n_items, n_durable;
	struct fake_loss *losses;
	size_t n_losses;
	struct fake_position *positions, *durable;
	size_t n_positions, n_durable_positions;
	size_t refuse_after; /* items it takes before it is full; SIZE_MAX = never */
	size_t refuse_each;  /* each so many-th item is refused; 0 = none */
	size_t n_offered;
	size_t n_states;  /* items of kind state: counted, not kept */
	char state[1024]; /* the last of them */
	bool refused;
	int64_t known_ns;            /* intake_known_ns() */
	void (*on_item)(void *user); /* before an item is taken; NULL = nothing happens */
	void *user;
};

void fake_intake_init(struct intake *intake);
void fake_intake_done(struct intake *intake);
void fake_intake_commit(struct intake *intake);
void fake_intake_crash(struct intake *intake);

/* The item's bytes as text; "" when there is none. */
const char *fake_intake_text(const struct intake *intake, size_t i);

#endif
