#include "common/datagrams.h"

#include <linux/sock_diag.h>
#include <stdlib.h>

/* SO_RXQ_OVFL */
union control_room {
	char bytes[CMSG_SPACE(sizeof(uint32_t))];
	struct cmsghdr align;
};

struct datagrams {
	size_t size_max;
	struct mmsghdr headers[DATAGRAMS_BATCH];
	struct iovec pieces[DATAGRAMS_BATCH];
	union control_room controls[DATAGRAMS_BATCH];
	struct sockaddr_storage from[DATAGRAMS_BATCH];
	struct datagram items[DATAGRAMS_BATCH];
	char *room; /* DATAGRAMS_BATCH times size_max */
};

struct datagrams *datagrams_new(size_t size_max)
{
	struct datagrams *datagrams = calloc(1, sizeof(*datagrams));

	if (datagrams == NULL)
		abort();
	datagrams->size_max = size_max;
	datagrams->room = malloc(size_max * DATAGRAMS_BATCH);
	if (datagrams->room == NULL)
		abort();
	return datagrams;
}

void datagrams_free(struct datagrams *datagrams)
{
	if (datagrams == NULL)
		return;
	free(datagrams->room);
	free(datagrams);
}

void datagrams_count_drops(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
}

/* The kernel counts its bookkeeping as well and doubles what it is asked for (socket(7)). */
uint64_t datagrams_widen(int fd, uint64_t wanted)
{
	int size = (int)wanted, got = 0;
	socklen_t len = sizeof(got);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &len) != 0 || got < 0)
		return 0;
	return (uint64_t)got / 2;
}

static uint32_t more_drops(uint32_t *kernel_drops, uint32_t drops)
{
	const uint32_t more = drops - *kernel_drops;

	*kernel_drops = drops;
	return more;
}

static uint32_t told_drops(struct msghdr *header, uint32_t *kernel_drops)
{
	uint32_t more = 0, drops;

	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control != NULL;
		control = CMSG_NXTHDR(header, control)) {
		if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&drops, CMSG_DATA(control), sizeof(drops));
		more += more_drops(kernel_drops, drops);
	}
	return more;
}

uint64_t datagrams_last_drops(int fd, uint32_t *kernel_drops)
{
	uint32_t state[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(state);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, state, &len) != 0 ||
		len < sizeof(state[0]) * (SK_MEMINFO_DROPS + 1))
		return 0;
	return more_drops(kernel_drops, state[SK_MEMINFO_DROPS]);
}

static void prepare(struct datagrams *datagrams)
{
	for (unsigned i = 0; i < DATAGRAMS_BATCH; i++) {
		datagrams->from[i].ss_family = AF_UNSPEC;
		datagrams->pieces[i] =
			(struct iovec){.iov_base = datagrams->room + i * datagrams->size_max,
				.iov_len = datagrams->size_max};
		datagrams->headers[i] = (struct mmsghdr){
			.msg_hdr = {.msg_name = &datagrams->from[i],
				.msg_namelen = sizeof(datagrams->from[i]),
				.msg_iov = &datagrams->pieces[i],
				.msg_iovlen = 1,
				.msg_control = &datagrams->controls[i],
				.msg_controllen = sizeof(datagrams->controls[i])}};
	}
}

static void keep(struct datagrams *datagrams, unsigned i)
{
	const uint64_t whole = datagrams->headers[i].msg_len;
	const size_t max = datagrams->size_max;

	datagrams->items[i] = (struct datagram){
		.bytes = slice_of(
			datagrams->pieces[i].iov_base, whole < max ? (size_t)whole : max),
		.whole = whole,
		.from = (const struct sockaddr *)&datagrams->from[i],
	};
}

unsigned datagrams_read(
	struct datagrams *datagrams, int fd, uint32_t *kernel_drops, uint64_t *drops)
{
	*drops = 0;
	prepare(datagrams);
	const int n = recvmmsg(
		fd, datagrams->headers, DATAGRAMS_BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
	for (int i = 0; i < n; i++) {
		*drops += told_drops(&datagrams->headers[i].msg_hdr, kernel_drops);
		keep(datagrams, (unsigned)i);
	}
	return n > 0 ? (unsigned)n : 0;
}

const struct datagram *datagrams_at(const struct datagrams *datagrams, unsigned i)
{
	return &datagrams->items[i];
}
