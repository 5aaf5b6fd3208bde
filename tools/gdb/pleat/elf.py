"""What gdb does not tell of an ELF64 file: its kind, its segments and their contents."""
import struct

ET_EXEC, ET_DYN = 2, 3
PT_LOAD = 1


class Elf:
    def __init__(self, name):
        with open(name, 'rb') as file:
            self.data = file.read()
        if self.data[:6] != b'\x7fELF\x02\x01' or len(self.data) < 64:
            raise ValueError('%s is no 64-bit ELF file' % name)
        self.type, = struct.unpack_from('<H', self.data, 16)
        self.entry, offset = struct.unpack_from('<QQ', self.data, 24)
        size, count = struct.unpack_from('<HH', self.data, 54)
        try:
            headers = [struct.unpack_from('<IIQQQQQQ', self.data, offset + i * size)
                       for i in range(count)]
        except struct.error:
            raise ValueError('%s is cut off' % name)
        self.segments = [(h[3], h[2], h[5], h[6], h[1]) for h in headers if h[0] == PT_LOAD]

    def at(self, address, size):
        """The bytes that the file has for an address; None: it has none."""
        for start, offset, in_file, unused, flags in self.segments:
            if start <= address and address + size <= start + in_file:
                return self.data[offset + address - start:][:size]
        return None

    def code_start(self):
        return min(start for start, unused, unused2, unused3, flags in self.segments if flags & 1)
