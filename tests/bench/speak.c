#include "tests/bench/speak.h"

#include "common/clock.h"

void speak_get(struct load_connection *connection, char *buffer, struct frame *frame)
{
	struct frame_header header;

	load_get(connection, buffer, FRAME_HEADER_SIZE);
	if (frame_read_header(slice_of(buffer, FRAME_HEADER_SIZE), &header) != FRAME_OK ||
		header.body_size > SPEAK_BUFFER)
		load_die("bad header");
	load_get(connection, buffer, header.body_size);
	if (frame_read_body(&header, slice_of(buffer, header.body_size), frame) != FRAME_OK)
		load_die("bad body");
	if (frame->type == FRAME_GOODBYE)
		load_die("the collector said goodbye");
}

static void put_frame(struct load_connection *connection, const struct frame *frame)
{
	struct strbuf out = STRBUF_INIT(8192);

	frame_write(&out, frame);
	load_put(connection, strbuf_slice(&out));
	strbuf_done(&out);
}

uint64_t speak_hello(struct load_connection *connection, char *buffer, uint64_t epoch)
{
	struct frame frame = {.type = FRAME_HELLO,
		.hello = {.version_min = FRAME_VERSION,
			.version_max = FRAME_VERSION,
			.agent_version = SLICE_LIT("bench"),
			.host_name = SLICE_LIT("bench"),
			.os = SLICE_LIT(""),
			.wall_ns = clock_wall_ns(),
			.boot_id = epoch,
			.n_lanes = 1}};

	frame.hello.lanes[0] = (struct frame_lane_offer){
		.lane = LANE_BULK, .epoch = epoch, .first = 1, .next = 1};
	put_frame(connection, &frame);
	do
		speak_get(connection, buffer, &frame);
	while (frame.type != FRAME_HELLO_ACK);
	return frame.hello_ack.window_bytes;
}

void speak_heartbeat(struct load_connection *connection)
{
	put_frame(connection, &(struct frame){.type = FRAME_HEARTBEAT,
				      .heartbeat = {.wall_ns = clock_wall_ns()}});
}
