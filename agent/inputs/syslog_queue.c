#include "agent/inputs/syslog_queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/strbuf.h"

enum { KEPT_SIZE = 256 << 10 /* a buffer that grew larger is given back */ };

/* In front of each datagram. */
struct head {
	uint64_t len, whole;
	int64_t read_ns;
};

struct syslog_queue {
	size_t limit;
	pthread_mutex_t lock; /* of what follows */
	struct strbuf filling;
	size_t held; /* bytes of `draining` that were not popped */
	struct syslog_lost lost;
	bool asleep; /* the taker found nothing */
	/* The taker's. */
	struct strbuf draining;
	size_t at;
};

struct syslog_queue *syslog_queue_new(size_t limit)
{
	struct syslog_queue *queue = calloc(1, sizeof(*queue));

	if (queue == NULL)
		abort();
	queue->limit = limit;
	queue->asleep = true;
	pthread_mutex_init(&queue->lock, NULL);
	strbuf_init(&queue->filling, limit);
	strbuf_init(&queue->draining, limit);
	return queue;
}

void syslog_queue_free(struct syslog_queue *queue)
{
	if (queue == NULL)
		return;
	strbuf_done(&queue->filling);
	strbuf_done(&queue->draining);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

static void put_one(struct syslog_queue *queue, const struct syslog_datagram *datagram)
{
	const struct head head = {
		.len = datagram->bytes.len,
		.whole = datagram->whole,
		.read_ns = datagram->read_ns,
	};
	size_t size = sizeof(head) + datagram->bytes.len;

	if (queue->filling.len + queue->held + size > queue->limit) {
		queue->lost.count++;
		queue->lost.bytes += datagram->whole;
		return;
	}
	strbuf_add(&queue->filling, slice_of((const char *)&head, sizeof(head)));
	strbuf_add(&queue->filling, datagram->bytes);
}

bool syslog_queue_put(struct syslog_queue *queue, const struct syslog_datagram *datagrams,
	unsigned n, uint64_t kernel_drops)
{
	pthread_mutex_lock(&queue->lock);
	bool wake = queue->asleep;
	queue->asleep = false;
	queue->lost.kernel += kernel_drops;
	for (unsigned i = 0; i < n; i++)
		put_one(queue, &datagrams[i]);
	pthread_mutex_unlock(&queue->lock);
	return wake;
}

/* What was filled is drained, and what was drained can be filled. */
static void turn_over(struct syslog_queue *queue)
{
	struct strbuf empty = queue->draining;

	strbuf_reset(&empty);
	if (empty.capacity > KEPT_SIZE) {
		strbuf_done(&empty);
		strbuf_init(&empty, queue->limit);
	}
	pthread_mutex_lock(&queue->lock);
	queue->draining = queue->filling;
	queue->filling = empty;
	queue->held = queue->draining.len;
	queue->asleep = queue->draining.len == 0;
	pthread_mutex_unlock(&queue->lock);
	queue->at = 0;
}

static void read_head(const struct syslog_queue *queue, struct head *head)
{
	memcpy(head, queue->draining.ptr + queue->at, sizeof(*head));
}

bool syslog_queue_next(struct syslog_queue *queue, struct syslog_datagram *datagram)
{
	struct head head;

	if (queue->at == queue->draining.len)
		turn_over(queue);
	if (queue->draining.len == 0)
		return false;
	read_head(queue, &head);
	*datagram = (struct syslog_datagram){
		.bytes = slice_of(queue->draining.ptr + queue->at + sizeof(head), head.len),
		.whole = head.whole,
		.read_ns = head.read_ns,
	};
	return true;
}

void syslog_queue_pop(struct syslog_queue *queue)
{
	struct head head;

	assert(queue->at < queue->draining.len);
	read_head(queue, &head);
	queue->at += sizeof(head) + head.len;
	pthread_mutex_lock(&queue->lock);
	queue->held = queue->draining.len - queue->at;
	pthread_mutex_unlock(&queue->lock);
}

void syslog_queue_take_lost(struct syslog_queue *queue, struct syslog_lost *lost)
{
	pthread_mutex_lock(&queue->lock);
	*lost = queue->lost;
	queue->lost = (struct syslog_lost){0};
	pthread_mutex_unlock(&queue->lock);
}
