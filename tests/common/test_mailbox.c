#include "common/mailbox.h"

#include <pthread.h>
#include <stdint.h>

#include "common/loop.h"
#include "tests/support/check.h"

enum { SENDERS = 3, EACH = 20000 };

struct letter {
	struct mail mail; /* first: a letter is a mail */
	unsigned sender, number;
};

struct reader {
	struct loop *loop;
	unsigned next[SENDERS];
	unsigned total;
};

static struct letter letters[SENDERS][EACH];
static struct mailbox *box;

static void on_mail(void *user, struct mail *oldest)
{
	struct reader *reader = user;

	for (struct mail *mail = oldest; mail != NULL; mail = mail->next) {
		const struct letter *letter = (const struct letter *)mail;

		ck_assert_uint_eq(letter->number, reader->next[letter->sender]);
		reader->next[letter->sender]++;
		reader->total++;
	}
	if (reader->total == SENDERS * EACH)
		loop_stop(reader->loop);
}

static void *send_all(void *user)
{
	unsigned sender = (unsigned)(uintptr_t)user;

	for (unsigned i = 0; i < EACH; i++) {
		letters[sender][i].sender = sender;
		letters[sender][i].number = i;
		mailbox_put(box, &letters[sender][i].mail);
	}
	return NULL;
}

START_TEST(all_mail_arrives_in_the_order_of_its_sender)
{
	struct err err;
	struct reader reader = {.loop = loop_new(&err)};
	pthread_t threads[SENDERS];

	ck_assert_ptr_nonnull(reader.loop);
	box = mailbox_new(loop_base(reader.loop), on_mail, &reader, &err);
	ck_assert_ptr_nonnull(box);
	for (unsigned i = 0; i < SENDERS; i++)
		pthread_create(&threads[i], NULL, send_all, (void *)(uintptr_t)i);
	loop_run(reader.loop);
	for (unsigned i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(reader.total, SENDERS * EACH);
	ck_assert_ptr_null(mailbox_take(box));
	mailbox_free(box);
	loop_free(reader.loop);
}
END_TEST

TEST_MAIN("mailbox", all_mail_arrives_in_the_order_of_its_sender)
