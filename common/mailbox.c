#include "common/mailbox.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
	pthread_mutex_t lock;
	struct mail *oldest;
	struct mail **end;
	int wake_fd;
	struct event *wake;
	void (*on_mail)(void *user, struct mail *oldest);
	void *user;
};

struct mail *mailbox_take(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	struct mail *oldest = mailbox->oldest;
	mailbox->oldest = NULL;
	mailbox->end = &mailbox->oldest;
	pthread_mutex_unlock(&mailbox->lock);
	return oldest;
}

static void on_wake(evutil_socket_t fd, short what, void *user)
{
	struct mailbox *mailbox = user;
	uint64_t times;

	(void)what;
	(void)!read(fd, &times, sizeof(times));

	struct mail *oldest = mailbox_take(mailbox);
	if (oldest != NULL)
		mailbox->on_mail(mailbox->user, oldest);
}

struct mailbox *mailbox_new(struct event_base *base,
	void (*on_mail)(void *user, struct mail *oldest), void *user, struct err *err)
{
	struct mailbox *mailbox = calloc(1, sizeof(*mailbox));

	if (mailbox == NULL)
		abort();
	pthread_mutex_init(&mailbox->lock, NULL);
	mailbox->end = &mailbox->oldest;
	mailbox->on_mail = on_mail;
	mailbox->user = user;
	mailbox->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mailbox->wake_fd < 0) {
		err_sys(err, "creating an eventfd");
		mailbox_free(mailbox);
		return NULL;
	}
	mailbox->wake =
		event_new(base, mailbox->wake_fd, EV_READ | EV_PERSIST, on_wake, mailbox);
	if (mailbox->wake == NULL || event_add(mailbox->wake, NULL) != 0) {
		err_set(err, "adding an event");
		mailbox_free(mailbox);
		return NULL;
	}
	return mailbox;
}

void mailbox_free(struct mailbox *mailbox)
{
	if (mailbox == NULL)
		return;
	if (mailbox->wake != NULL)
		event_free(mailbox->wake);
	if (mailbox->wake_fd >= 0)
		close(mailbox->wake_fd);
	pthread_mutex_destroy(&mailbox->lock);
	free(mailbox);
}

void mailbox_put(struct mailbox *mailbox, struct mail *mail)
{
	const uint64_t once = 1;

	mail->next = NULL;
	pthread_mutex_lock(&mailbox->lock);
	bool was_empty = mailbox->oldest == NULL;
	*mailbox->end = mail;
	mailbox->end = &mail->next;
	pthread_mutex_unlock(&mailbox->lock);
	if (was_empty)
		(void)!write(mailbox->wake_fd, &once, sizeof(once));
}
