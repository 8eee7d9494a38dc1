/*
 * input - a place the agent reads from
 *
 * Everything here runs in the agent's one thread, in its libevent base; what
 * must not wait for its disk has a thread of its own (syslog_receiver.h). An input
 * gives items to the intake, which spools them; what the intake refuses
 * because the spool is full, a *pull* input (file, journal) keeps and offers
 * again when resume() is called, a *push* input (socket) buffers, and in the end
 * drops and declares, so that its callers never block.
 *
 * Positions travel with the items (chunk_source.position). At start the agent
 * hands each input the newest position of every source it once reported,
 * found in the bookmark file and, newer, in the spool itself: nothing is lost
 * and nothing is read twice by a crash in between. All items of a source go
 * to one lane.
 *
 * To add one: a file in inputs/, a line in inputs.c, a table of settings, and
 * tests/agent/inputs/test_x.c.
 */
#ifndef AGENT_INPUT_H
#define AGENT_INPUT_H

#include "common/chunk.h"
#include "common/err.h"
#include "common/frame.h"
#include "common/setting.h"

struct event_base;
struct intake;
struct agent_settings;

/* What an item is made of; bytes are copied. */
struct intake_item {
	enum frame_lane lane;
	struct chunk_source source; /* position: behind this item */
	struct chunk_item item;     /* .source is filled in by the intake */
};

/* False when the spool is full: offer it again after resume(), or drop it and declare that. */
MUST_USE bool intake_add(struct intake *intake, const struct intake_item *item);

/* The position of a source moved without an item (a rotated file was read to its end). */
void intake_position(
	struct intake *intake, enum frame_lane lane, const struct chunk_source *source);

/* Nothing is left to be read of a source: its position need not be kept. All its items went to
 * one lane. */
void intake_forget(struct intake *intake, struct slice input, struct slice name);

/* Wall clock: when what the inputs are given at their start was written down; sources that were
 * there by then are among it. 0: never, this is the first start. */
int64_t intake_known_ns(const struct intake *intake);

/* `count` items of a source are lost for `reason` (frame.h: enum gap_reason); `bytes` when
 * known. Takes `count` sequences of the lane; kept in memory while the spool is full. With
 * count 0 the loss is one of bytes only (copytruncate) and takes one sequence. */
void intake_declare(struct intake *intake, enum frame_lane lane, struct slice source,
	uint64_t count, uint8_t reason, uint64_t bytes);

struct input {
	const char *name;    /* "file"; chunk_source.input */
	const char *section; /* of the settings: a reload leaves the input alone while it is the
				same */
	const char *summary;

	/*
	 * Starts every input of its kind that the settings name. NULL with err set on failure;
	 * NULL with err->text empty when the settings name none. The settings live until it is
	 * stopped.
	 */
	void *(*start)(const struct agent_settings *settings, struct event_base *base,
		struct intake *intake, struct err *err);

	/* After start() the positions known of its sources are given, one by one; it may forget
	 * (intake_forget) the one it is given. NULL: its sources have none. */
	void (*position)(void *self, struct slice name, struct slice position);

	/* All positions were given: begin to read. */
	void (*begin)(void *self);

	/* The spool has room again. */
	void (*resume)(void *self);

	/* An order of the collector: true when it was carried out. NULL: none is understood. */
	bool (*order)(void *self, const struct frame_order *order);

	/* Fills in what the input knows of the agent's state. NULL: nothing. */
	void (*heartbeat)(void *self, struct frame_heartbeat *beat);

	/* Read what is there now once more, then stop and free. */
	void (*stop)(void *self);
};

extern const struct input *const inputs[]; /* ended by NULL */

#endif
