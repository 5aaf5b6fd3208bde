/* Questions to files of all kinds, and to block devices: Linux's numbers. */
#pragma once

#define FIGETBSZ	2

#define BLKROGET	0x125e
#define BLKRRPART	0x125f
#define BLKGETSIZE	0x1260
#define BLKFLSBUF	0x1261
#define BLKRAGET	0x1263
#define BLKFRAGET	0x1265
#define BLKSECTGET	0x1267
#define BLKSSZGET	0x1268
#define BLKDISCARD	0x1277
#define BLKIOMIN	0x1278
#define BLKIOOPT	0x1279
#define BLKALIGNOFF	0x127a
#define BLKPBSZGET	0x127b
#define BLKDISCARDZEROES 0x127c
#define BLKSECDISCARD	0x127d
#define BLKZEROOUT	0x127f
#define BLKBSZGET	0x80081270
#define BLKGETSIZE64	0x80081272
