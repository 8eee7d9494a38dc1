#include "agent/scan/channel.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 64 << 10, CONTROL_FDS = 4 };

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * CONTROL_FDS)];
};

void channel_init(struct channel *channel, int fd, size_t body_max, bool takes_fds)
{
	*channel = (struct channel){.fd = fd, .body_max = body_max, .takes_fds = takes_fds};
	strbuf_init(&channel->in, body_max + CHANNEL_HEAD + READ_SIZE);
}

void channel_done(struct channel *channel)
{
	int fd;

	while ((fd = channel_take_fd(channel)) >= 0)
		close(fd);
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
	strbuf_done(&channel->in);
}

static void attach_fd(struct msghdr *message, union control *control, int fd)
{
	message->msg_control = control->bytes;
	message->msg_controllen = CMSG_SPACE(sizeof(int));

	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(int));
}

static void advance(struct iovec *parts, size_t n, size_t sent)
{
	for (size_t i = 0; i < n; i++) {
		size_t here = sent < parts[i].iov_len ? sent : parts[i].iov_len;

		parts[i].iov_base = (char *)parts[i].iov_base + here;
		parts[i].iov_len -= here;
		sent -= here;
	}
}

bool channel_send(struct channel *channel, enum message_type type, struct slice body, int fd)
{
	unsigned char head[CHANNEL_HEAD] = {(unsigned char)body.len,
		(unsigned char)(body.len >> 8), (unsigned char)(body.len >> 16),
		(unsigned char)(body.len >> 24), (unsigned char)type};
	union {
		const char *read;
		void *write;
	} bytes = {.read = body.ptr};
	struct iovec parts[2] = {{head, sizeof(head)}, {bytes.write, body.len}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	union control control = {0};
	size_t left = sizeof(head) + body.len;

	assert(body.len <= CHANNEL_TO_WORKER_MAX);
	if (fd >= 0)
		attach_fd(&message, &control, fd);
	while (left > 0) {
		ssize_t n = sendmsg(channel->fd, &message, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		message.msg_control = NULL;
		message.msg_controllen = 0;
		left -= (size_t)n;
		advance(parts, 2, (size_t)n);
	}
	return true;
}

static bool keep_fds(struct channel *channel, struct msghdr *message)
{
	bool kept = true;

	for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL;
		head = CMSG_NXTHDR(message, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
			if (channel->takes_fds && channel->n_fds < CHANNEL_FDS_MAX) {
				channel->fds[channel->n_fds++] = fd;
			} else {
				close(fd);
				kept = false;
			}
		}
	}
	return kept;
}

static void drop_given_out(struct channel *channel)
{
	size_t left = channel->in.len - channel->at;

	if (channel->at == 0)
		return;
	memmove(channel->in.ptr, channel->in.ptr + channel->at, left);
	strbuf_cut(&channel->in, left);
	channel->at = 0;
}

enum channel_status channel_fill(struct channel *channel)
{
	union control control = {0};
	struct iovec part = {.iov_len = READ_SIZE};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	drop_given_out(channel);
	part.iov_base = strbuf_reserve(&channel->in, READ_SIZE);
	if (part.iov_base == NULL)
		return CHANNEL_BROKEN; /* channel_next() was not asked to the end */
	if (channel->takes_fds) { /* without room for them the kernel closes what is sent */
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
	}
	ssize_t n = recvmsg(channel->fd, &message, MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? CHANNEL_WAIT : CHANNEL_CLOSED;
	if (n == 0)
		return CHANNEL_CLOSED;
	strbuf_extend(&channel->in, (size_t)n);
	return keep_fds(channel, &message) ? CHANNEL_OK : CHANNEL_BROKEN;
}

enum channel_status channel_next(struct channel *channel, struct channel_message *message)
{
	struct slice rest = slice_from(strbuf_slice(&channel->in), channel->at);

	if (rest.len < CHANNEL_HEAD)
		return CHANNEL_WAIT;
	const unsigned char *head = (const unsigned char *)rest.ptr;
	size_t size =
		head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
	if (size > channel->body_max)
		return CHANNEL_BROKEN;
	if (rest.len - CHANNEL_HEAD < size)
		return CHANNEL_WAIT;
	*message = (struct channel_message){
		.type = head[4], .body = slice_of(rest.ptr + CHANNEL_HEAD, size)};
	channel->at += CHANNEL_HEAD + size;
	return CHANNEL_OK;
}

int channel_take_fd(struct channel *channel)
{
	if (channel->n_fds == 0)
		return -1;
	int fd = channel->fds[0];
	channel->n_fds--;
	memmove(channel->fds, channel->fds + 1, channel->n_fds * sizeof(int));
	return fd;
}

void body_put_number(struct strbuf *body, uint64_t value)
{
	char bytes[VARINT_SIZE_MAX];

	strbuf_add(body, slice_of(bytes, (size_t)(varint_put(bytes, value) - bytes)));
}

void body_put_text(struct strbuf *body, struct slice text)
{
	body_put_number(body, text.len);
	strbuf_add(body, text);
}

struct slice body_read_text(struct varint_reader *reader, uint64_t max)
{
	return varint_read_bytes(reader, varint_read_max(reader, max));
}
