#include "tests/support/fake_collector.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "tests/support/check.h"

enum { TEXT_MAX = 64 << 20, ARENA_MAX = 64 << 20 };

void fake_collector_send(struct fake_collector *fake, const struct frame *frame)
{
	struct strbuf out = STRBUF_INIT(FRAME_BODY_MAX);

	if (fake->bev == NULL)
		return;
	frame_write(&out, frame);
	ck_assert_int_eq(bufferevent_write(fake->bev, out.ptr, out.len), 0);
	strbuf_done(&out);
}

void fake_collector_cut(struct fake_collector *fake)
{
	if (fake->bev != NULL)
		bufferevent_free(fake->bev);
	fake->bev = NULL;
}

void fake_collector_ack(struct fake_collector *fake)
{
	struct frame frame = {.type = FRAME_ACK, .ack = {.n_lanes = LANE_COUNT}};

	for (unsigned i = 0; i < LANE_COUNT; i++)
		frame.ack.lanes[i] = (struct frame_ack_lane){
			.lane = (uint8_t)i,
			.epoch = fake->lanes[i].epoch,
			.stored = fake->lanes[i].stored + (fake->ack_too_much ? 1000 : 0),
		};
	fake->under_way = 0;
	fake_collector_send(fake, &frame);
}

static void refuse(struct fake_collector *fake, enum goodbye_reason reason)
{
	const struct frame frame = {.type = FRAME_GOODBYE,
		.goodbye = {.reason = (uint8_t)reason,
			.retry_ms = fake->retry_ms,
			.text = SLICE_LIT("by order of the test")}};

	fake_collector_send(fake, &frame);
}

static struct frame_lane_resume resume_of(
	struct fake_collector *fake, const struct frame_lane_offer *offer)
{
	struct fake_lane *lane = &fake->lanes[offer->lane];
	struct frame_lane_resume resume = {.lane = offer->lane};

	if (fake->ask_new_epoch ||
		(lane->epoch == offer->epoch && lane->stored >= offer->next)) {
		resume.resume = RESUME_NEW_EPOCH;
		lane->epoch = 0;
		return resume;
	}
	if (lane->epoch != offer->epoch) {
		lane->epoch = offer->epoch;
		lane->stored = 0;
		lane->crc = 0;
		return resume;
	}
	resume.stored = lane->stored;
	resume.stored_crc = lane->crc;
	return resume;
}

static void send_half(struct fake_collector *fake, const struct frame *frame)
{
	struct strbuf out = STRBUF_INIT(FRAME_BODY_MAX);

	frame_write(&out, frame);
	ck_assert_int_eq(bufferevent_write(fake->bev, out.ptr, out.len / 2), 0);
	strbuf_done(&out);
}

static void take_hello(struct fake_collector *fake, const struct frame_hello *hello)
{
	struct frame frame = {
		.type = FRAME_HELLO_ACK,
		.hello_ack = {.version = FRAME_VERSION,
			.wall_ns = clock_wall_ns(),
			.heartbeat_ms = fake->heartbeat_ms ? fake->heartbeat_ms : 10000,
			.window_bytes = fake->window ? fake->window : 1 << 20,
			.collector_version = SLICE_LIT("fake"),
			.n_lanes = hello->n_lanes},
	};

	fake->n_hellos++;
	fake->hello = *hello;
	if (fake->mute)
		return;
	if (fake->goodbye != 0) {
		refuse(fake, (enum goodbye_reason)fake->goodbye);
		return;
	}
	for (unsigned i = 0; i < hello->n_lanes; i++)
		frame.hello_ack.lanes[i] = resume_of(fake, &hello->lanes[i]);
	fake->ask_new_epoch = false;
	if (fake->wrong_frame) {
		bufferevent_write(fake->bev, "HTTP/1.1 400 Bad Request\r\n", 26);
	} else if (fake->half_frame) {
		send_half(fake, &frame);
	} else {
		fake->greeted = true;
		fake_collector_send(fake, &frame);
	}
	if (fake->stop_reading)
		bufferevent_disable(fake->bev, EV_READ);
	if (fake->trickle)
		bufferevent_set_rate_limit(fake->bev, fake->slowly);
}

static void keep_items(
	struct fake_collector *fake, struct fake_lane *lane, const struct frame_batch *batch)
{
	struct chunk chunk;

	arena_reset(&fake->arena);
	ck_assert_int_eq(
		chunk_read(fake->reader, batch->chunk, &fake->arena, &chunk), CHUNK_OK);
	ck_assert_uint_eq(chunk.n_items, batch->count);
	for (unsigned i = 0; i < chunk.n_items; i++) {
		if (batch->first + i <= lane->stored)
			continue;
		strbuf_add(&lane->text, chunk.items[i].bytes);
		strbuf_add_byte(&lane->text, '\n');
	}
}

/* The rules of the store's writer; false when sequences are missing. */
static bool is_next(struct fake_lane *lane, uint64_t epoch, uint64_t first, uint64_t last)
{
	ck_assert_uint_eq(epoch, lane->epoch);
	if (lane->stored == 0)
		lane->stored = first - 1; /* an unknown stream begins here */
	lane->duplicates += last <= lane->stored;
	return first <= lane->stored + 1;
}

static void take_batch(struct fake_collector *fake, const struct frame_batch *batch)
{
	struct fake_lane *lane = &fake->lanes[batch->lane];
	uint64_t last = batch->first + batch->count - 1;

	if (!is_next(lane, batch->epoch, batch->first, last)) {
		refuse(fake, GOODBYE_PROTOCOL);
		return;
	}
	fake->n_batches++;
	fake->under_way += batch->chunk.len;
	if (fake->under_way > fake->under_way_most)
		fake->under_way_most = fake->under_way;
	if (last > lane->stored) {
		keep_items(fake, lane, batch);
		lane->stored = last;
		lane->crc = batch->crc;
	}
	if (!fake->hold_acks &&
		(fake->cut_after == 0 || fake->batches_here + 1 < fake->cut_after))
		fake_collector_ack(fake);
}

static void take_gap(struct fake_collector *fake, const struct frame_gap *gap)
{
	struct fake_lane *lane = &fake->lanes[gap->lane];
	uint64_t last = gap->first + gap->count - 1;

	if (!is_next(lane, gap->epoch, gap->first, last)) {
		refuse(fake, GOODBYE_PROTOCOL);
		return;
	}
	lane->n_gaps++;
	lane->gap = *gap;
	if (last > lane->stored) {
		lane->declared += last - lane->stored;
		lane->stored = last;
		lane->crc = 0;
	}
	if (!fake->hold_acks)
		fake_collector_ack(fake);
}

static void take_heartbeat(struct fake_collector *fake, const struct frame_heartbeat *beat)
{
	const struct frame frame = {.type = FRAME_HEARTBEAT,
		.heartbeat = {.wall_ns = clock_wall_ns(), .echo_wall_ns = beat->wall_ns}};

	fake->n_heartbeats++;
	fake->heartbeat = *beat;
	if (!fake->no_heartbeats)
		fake_collector_send(fake, &frame);
}

static void take_frame(struct fake_collector *fake, const struct frame *frame)
{
	fake->n_after_goodbye += fake->parted;
	switch (frame->type) {
	case FRAME_HELLO:
		take_hello(fake, &frame->hello);
		break;
	case FRAME_BATCH:
		take_batch(fake, &frame->batch);
		fake->batches_here++;
		break;
	case FRAME_GAP:
		take_gap(fake, &frame->gap);
		break;
	case FRAME_HEARTBEAT:
		take_heartbeat(fake, &frame->heartbeat);
		break;
	case FRAME_GOODBYE:
		fake->n_goodbyes++;
		fake->parted = true;
		fake->goodbye_reason = frame->goodbye.reason;
		break;
	case FRAME_HELLO_ACK:
	case FRAME_ACK:
	case FRAME_ORDER:
		ck_abort_msg("an agent does not say that");
	}
}

static void on_readable(struct bufferevent *bev, void *user)
{
	struct fake_collector *fake = user;
	struct evbuffer *input = bufferevent_get_input(bev);
	struct frame_header header;
	struct frame frame;
	char head[FRAME_HEADER_SIZE];

	for (;;) {
		ev_ssize_t n = evbuffer_copyout(input, head, sizeof(head));

		if (n < FRAME_HEADER_SIZE)
			return;
		ck_assert_int_eq(
			frame_read_header(slice_of(head, sizeof(head)), &header), FRAME_OK);
		ck_assert(frame_allowed(header.type, FRAME_AGENT));
		size_t size = FRAME_HEADER_SIZE + header.body_size;
		if (evbuffer_get_length(input) < size)
			return;
		const char *bytes = (const char *)evbuffer_pullup(input, (ev_ssize_t)size);
		ck_assert_int_eq(
			frame_read_body(&header,
				slice_of(bytes + FRAME_HEADER_SIZE, header.body_size), &frame),
			FRAME_OK);
		take_frame(fake, &frame);
		evbuffer_drain(input, size);
		if (fake->cut_after > 0 && fake->batches_here >= fake->cut_after) {
			fake_collector_cut(fake);
			return;
		}
	}
}

static void on_event(struct bufferevent *bev, short what, void *user)
{
	struct fake_collector *fake = user;

	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) || bev != fake->bev)
		return;
	fake->n_broken += (what & BEV_EVENT_ERROR) != 0;
	fake_collector_cut(fake);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
	struct sockaddr *address, int len, void *user)
{
	struct fake_collector *fake = user;
	SSL *ssl = SSL_new(fake->tls);

	(void)listener;
	(void)address;
	(void)len;
	ck_assert_ptr_nonnull(ssl);
	fake_collector_cut(fake);
	fake->n_connections++;
	for (size_t i = 0; i < LANE_COUNT && fake->forgets; i++) {
		fake->lanes[i].stored = 0;
		strbuf_reset(&fake->lanes[i].text);
	}
	fake->batches_here = 0;
	fake->under_way = 0;
	fake->greeted = fake->parted = false;
	fake->bev = bufferevent_openssl_socket_new(
		fake->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	ck_assert_ptr_nonnull(fake->bev);
	bufferevent_setcb(fake->bev, on_readable, NULL, on_event, fake);
	bufferevent_enable(fake->bev, EV_READ | EV_WRITE);
}

static void listen_at(struct fake_collector *fake, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);

	fake->listener = evconnlistener_new_bind(fake->base, on_accept, fake,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 8, (const struct sockaddr *)&address,
		sizeof(address));
	ck_assert_ptr_nonnull(fake->listener);
	ck_assert_int_eq(getsockname(evconnlistener_get_fd(fake->listener),
				 (struct sockaddr *)&address, &len),
		0);
	fake->port = ntohs(address.sin_port);
}

void fake_collector_listen(struct fake_collector *fake, bool on)
{
	fake_collector_cut(fake);
	if (fake->listener != NULL)
		evconnlistener_free(fake->listener);
	fake->listener = NULL;
	if (on)
		listen_at(fake, fake->port);
}

void fake_collector_open(struct fake_collector *fake, struct event_base *base, SSL_CTX *tls)
{
	fake->base = base;
	fake->tls = tls;
	fake->reader = chunk_reader_new();
	fake->slowly = ev_token_bucket_cfg_new(
		20000, 20000, EV_RATE_LIMIT_MAX, EV_RATE_LIMIT_MAX, NULL);
	ck_assert_ptr_nonnull(fake->slowly);
	arena_init(&fake->arena, ARENA_MAX);
	for (size_t i = 0; i < LANE_COUNT; i++)
		strbuf_init(&fake->lanes[i].text, TEXT_MAX);
	listen_at(fake, 0);
}

void fake_collector_close(struct fake_collector *fake)
{
	fake_collector_listen(fake, false);
	for (size_t i = 0; i < LANE_COUNT; i++)
		strbuf_done(&fake->lanes[i].text);
	arena_done(&fake->arena);
	chunk_reader_free(fake->reader);
	ev_token_bucket_cfg_free(fake->slowly);
}
