/*
 * Random bytes: the ChaCha20 block function over a key and a counter. The key starts from the
 * clocks at boot and takes up the time of each call, so it is as unpredictable as the machine's
 * timing and no more.
 */
#include "kernel/dev/random.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/string.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/random.h"

static spinlock_t random_lock = SPINLOCK_INIT(LOCK_WAIT_QUEUE);
/* RFC 8439, 2.3: four constants, a key of eight words, a counter, a nonce. Under random_lock. */
static u32 state[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

static u32 rotate(u32 x, int n) { return x << n | x >> (32 - n); }

static void quarter_round(u32 *x, int a, int b, int c, int d)
{
	x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 16);
	x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 12);
	x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 8);
	x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 7);
}

static void chacha_block(u32 out[16])
{
	memcpy(out, state, sizeof(state));
	for (int i = 0; i < 10; i++) {
		for (int j = 0; j < 4; j++)
			quarter_round(out, j, 4 + j, 8 + j, 12 + j);
		for (int j = 0; j < 4; j++)
			quarter_round(out, j, 4 + (j + 1) % 4, 8 + (j + 2) % 4, 12 + (j + 3) % 4);
	}
	for (int i = 0; i < 16; i++)
		out[i] += state[i];
}

/*
 * 32 bytes; the other half of the block is the next key, so that no earlier output can be found
 * again.
 */
static void next_bytes(u8 out[32])
{
	u32 block[16];
	unsigned long flags = spin_lock_irqsave(&random_lock);

	state[14] ^= (u32)clock_ns();
	if (!++state[12])
		state[13]++;
	chacha_block(block);
	memcpy(state + 4, block + 8, 32);
	spin_unlock_irqrestore(&random_lock, flags);
	memcpy(out, block, 32);
}

void random_init(void)
{
	u64 now = clock_ns(), epoch = clock_boot_realtime();

	memcpy(state + 4, &now, sizeof(now));
	memcpy(state + 6, &epoch, sizeof(epoch));
}

void random_bytes(void *buf, size_t n)
{
	u8 bytes[32];

	for (size_t done = 0; done < n; done += sizeof(bytes)) {
		next_bytes(bytes);
		memcpy((u8 *)buf + done, bytes, min(n - done, sizeof(bytes)));
	}
}

long random_to_iter(struct iov_iter *to)
{
	u8 bytes[256];
	size_t done = 0;

	while (to->left && !fatal_signal_pending()) {
		size_t chunk = min(to->left, sizeof(bytes)), moved;

		random_bytes(bytes, chunk);
		moved = copy_to_iter(bytes, chunk, to);
		done += moved;
		if (moved < chunk)
			return done ? (long)done : -EFAULT;
		cond_resched();
	}
	return (long)done;
}

#define GRND_FLAGS	(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)

SYSCALL_DEFINE3(getrandom, void *, buf, size_t, n, unsigned int, flags)
{
	struct iov_iter to = iov_iter_buf(buf, min(n, (size_t)0x7fffffff));

	if (flags & ~GRND_FLAGS || (flags & ~GRND_NONBLOCK) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	return access_ok(buf, n) ? random_to_iter(&to) : -EFAULT;
}
