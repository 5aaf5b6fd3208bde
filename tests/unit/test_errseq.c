/* Errors that each listener hears of once: mm/errseq.h. */
#include "kernel/uapi/errno.h"
#include "mm/errseq.h"
#include "tests/unit/unit.h"

static errseq_t errors;

static errseq_t open_file(void) { return (errseq_t)ATOMIC_INIT(errseq_sample(&errors)); }
static int told(errseq_t *file) { return errseq_check_and_advance(&errors, file); }

TEST("who-was-there-is-told-once")
{
	errseq_t a = open_file(), b = open_file();

	CHECK_EQ(told(&a), 0);
	errseq_set(&errors, -EIO);
	CHECK_EQ(told(&a), -EIO);
	CHECK_EQ(told(&a), 0);
	CHECK_EQ(told(&b), -EIO);
	CHECK_EQ(told(&b), 0);
}

TEST("who-comes-later-is-told-if-nobody-was")
{
	errseq_t first, second, third;

	errseq_set(&errors, -EIO);
	first = open_file();
	second = open_file();
	CHECK_EQ(told(&first), -EIO);
	third = open_file();
	CHECK_EQ(told(&third), 0);
	CHECK_EQ(told(&second), -EIO);
}

TEST("the-same-error-again-is-news-to-who-has-heard-of-it")
{
	errseq_t file = open_file(), other = open_file();

	for (int i = 0; i < 5; i++) {
		errseq_set(&errors, -EIO);
		CHECK_EQ(told(&file), -EIO);
		CHECK_EQ(told(&file), 0);
	}
	CHECK_EQ(told(&other), -EIO);
	CHECK_EQ(told(&other), 0);
}

TEST("of-several-errors-the-last-is-told")
{
	errseq_t file = open_file();

	errseq_set(&errors, -EIO);
	errseq_set(&errors, -ENOSPC);
	CHECK_EQ(told(&file), -ENOSPC);
	CHECK_EQ(told(&file), 0);
	errseq_set(&errors, -ENOSPC);
	errseq_set(&errors, -EIO);
	CHECK_EQ(told(&file), -EIO);
	CHECK_EQ(told(&file), 0);
}

/*
 * Errors that nobody asks about use up no numbers; those that somebody does come
 * round, and stay errors.
 */
TEST("the-counter-comes-round-without-becoming-an-error")
{
	errseq_t file = open_file(), lost = open_file();

	for (int i = 0; i < 1 << 20; i++)
		errseq_set(&errors, -EIO);
	CHECK_EQ(told(&file), -EIO);
	for (int i = 0; i < 1 << 18; i++) {
		CHECK_EQ(atomic_read(&errors) & ERRSEQ_ERRNO, EIO);
		CHECK(atomic_read(&errors) > 0);
		errseq_set(&errors, -EIO);
		CHECK_EQ(told(&file), -EIO);
	}
	CHECK_EQ(told(&file), 0);
	CHECK_EQ(told(&lost), -EIO);
}
