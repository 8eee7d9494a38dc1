#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/signer/channel.h"
#include "common/clock.h"

struct signer {
	pthread_mutex_t lock; /* a request and its answer */
	int channel;
	uint64_t id; /* of the last request */
};

struct signer *signer_connect(int channel)
{
	struct signer *signer = calloc(1, sizeof(*signer));

	if (signer == NULL)
		abort();
	pthread_mutex_init(&signer->lock, NULL);
	signer->channel = channel;
	signer->id = (uint64_t)clock_mono_ns(); /* apart from those of an earlier client */
	return signer;
}

void signer_disconnect(struct signer *signer)
{
	if (signer == NULL)
		return;
	pthread_mutex_destroy(&signer->lock);
	free(signer);
}

/* Waits for bytes until `deadline_ms`. */
static bool await(int channel, int64_t deadline_ms)
{
	struct pollfd poll_fd = {.fd = channel, .events = POLLIN};

	for (;;) {
		int64_t left_ms = deadline_ms - clock_mono_ms();
		if (left_ms <= 0)
			return false;
		int n = poll(&poll_fd, 1, (int)left_ms);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

/* The answer with the request's id; answers to requests given up on are passed over. */
static bool receive(struct signer *signer, int64_t deadline_ms, struct channel_reply *reply)
{
	const size_t head = offsetof(struct channel_reply, bytes);

	while (await(signer->channel, deadline_ms)) {
		ssize_t n = recv(signer->channel, reply, sizeof(*reply), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < (ssize_t)head)
			return false;
		if (reply->id == signer->id && reply->len == (size_t)n - head)
			return true;
	}
	return false;
}

static const char *words(uint32_t answer)
{
	switch (answer) {
	case ANSWER_NO_KEY:
		return "the signer holds no such key";
	case ANSWER_NOT_VALID:
		return "the signer's certificate has expired or is not valid yet";
	case ANSWER_FAILED:
		return "the signer could not sign";
	default:
		return "the signer did not understand";
	}
}

static bool ask_alone(struct signer *signer, struct channel_request *request,
	uint32_t timeout_ms, struct channel_reply *reply, struct err *err)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;

	request->version = CHANNEL_VERSION;
	request->id = ++signer->id;
	if (send(signer->channel, request, sizeof(*request), MSG_NOSIGNAL | MSG_DONTWAIT) !=
		(ssize_t)sizeof(*request))
		return err_sys(err, "asking the signer");
	if (!receive(signer, deadline_ms, reply))
		return err_set(err, "the signer did not answer within %u ms", timeout_ms);
	return reply->answer == ANSWER_OK || err_set(err, "%s", words(reply->answer));
}

static bool ask(struct signer *signer, struct channel_request *request, uint32_t timeout_ms,
	struct channel_reply *reply, struct err *err)
{
	pthread_mutex_lock(&signer->lock);
	bool ok = ask_alone(signer, request, timeout_ms, reply, err);
	pthread_mutex_unlock(&signer->lock);
	return ok;
}

bool signer_sign(struct signer *signer, enum signer_key key,
	const unsigned char digest[SIGNER_DIGEST_SIZE], uint32_t timeout_ms,
	struct signature *signature, struct err *err)
{
	struct channel_request request = {.ask = ASK_SIGN, .key = key};
	struct channel_reply reply;

	memcpy(request.digest, digest, SIGNER_DIGEST_SIZE);
	if (!ask(signer, &request, timeout_ms, &reply, err))
		return false;
	if (reply.len > SIGNER_SIGNATURE_MAX)
		return err_set(err, "the signer gave %u bytes", reply.len);
	signature->algorithm = (enum signer_algorithm)reply.algorithm;
	signature->len = reply.len;
	memcpy(signature->bytes, reply.bytes, reply.len);
	return true;
}

bool signer_certificate(struct signer *signer, enum signer_key key, uint32_t timeout_ms,
	unsigned char der[SIGNER_CERTIFICATE_MAX], size_t *len,
	enum signer_algorithm *algorithm, struct err *err)
{
	struct channel_request request = {.ask = ASK_CERTIFICATE, .key = key};
	struct channel_reply reply;

	if (!ask(signer, &request, timeout_ms, &reply, err))
		return false;
	*algorithm = (enum signer_algorithm)reply.algorithm;
	*len = reply.len;
	memcpy(der, reply.bytes, reply.len);
	return true;
}
