package dev.oriel.virtio.memory;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.oriel.linux.MappedMemory;
import dev.oriel.linux.MemoryCalls;
import dev.oriel.virtio.testing.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuestMemoryTest {
    private static final long PAGE = 4096;

    private final List<AutoCloseable> resources = new ArrayList<>();

    @AfterEach
    void release() throws Exception {
        for (AutoCloseable resource : resources) {
            resource.close();
        }
    }

    private GuestRegion region(long guestAddress, long size, long userAddress) throws Exception {
        MappedMemory mapping = MappedMemory.anonymous(size, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE);
        GuestRegion region = new GuestRegion(guestAddress, size, userAddress, mapping, 0);
        resources.add(region);
        return region;
    }

    @ParameterizedTest
    @CsvSource({
        "0x1000, 0, 0x1000, 0",
        "0x1000, -1, 0x1000, 0",
        "0xfffffffffffff000, 0x1001, 0x1000, 0",
        "0x1000, 0x1001, 0xfffffffffffff000, 0",
        "0x1000, 0x4001, 0x1000, 0",
        "0x1000, 0x1000, 0x1000, 0x3001",
        "0x1000, 0x1000, 0x1000, -1",
    })
    void aRegionThatIsEmptyOrWrapsOrIsNotMappedIsRefused(String guest, String size, String user, String offset)
            throws Exception {
        MappedMemory mapping = MappedMemory.anonymous(4 * PAGE, MemoryCalls.PROT_READ);
        resources.add(mapping);
        assertThatThrownBy(() -> new GuestRegion(number(guest), number(size), number(user), mapping, number(offset)))
                .isInstanceOf(InvalidSetupException.class);
    }

    private static long number(String text) {
        return text.startsWith("0x") ? Long.parseUnsignedLong(text.substring(2), 16) : Long.parseLong(text);
    }

    @ParameterizedTest
    @CsvSource({"0x0000, 0x1001", "0x1000, 0x1000", "0x1800, 0x400", "0x1fff, 0x1000", "0x0000, 0x4000"})
    void regionsThatOverlapAreRefused(String guest, String size) throws Exception {
        GuestMemory memory = GuestMemory.EMPTY.with(region(0x1000, PAGE, 0));
        GuestRegion other = region(number(guest), number(size), 0);
        assertThatThrownBy(() -> memory.with(other))
                .isInstanceOf(InvalidSetupException.class)
                .hasMessageContaining("overlaps");
    }

    @Test
    void addressesAreFoundInTheRegionThatHoldsThemAndNowhereElse() throws Exception {
        GuestRegion low = region(0, PAGE, 0x10_0000);
        GuestRegion high = region(0xffff_ffff_ffff_0000L, PAGE, 0x20_0000);
        GuestRegion middle = region(2 * PAGE, PAGE, 0x30_0000);
        GuestMemory memory = GuestMemory.EMPTY.with(high).with(low).with(middle);
        assertThat(memory.find(0)).isSameAs(low);
        assertThat(memory.find(PAGE - 1)).isSameAs(low);
        assertThat(memory.find(PAGE)).isNull();
        assertThat(memory.find(2 * PAGE)).isSameAs(middle);
        assertThat(memory.find(3 * PAGE)).isNull();
        assertThat(memory.find(0xffff_ffff_ffff_0000L)).isSameAs(high);
        assertThat(memory.find(0xffff_ffff_ffff_1000L)).isNull();
        assertThat(memory.find(-1)).isNull();
        assertThat(memory.without(middle).find(2 * PAGE)).isNull();
    }

    @Test
    void aRingIsFoundByItsUserAddressIfAllOfItIsInOneRegion() throws Exception {
        GuestRegion first = region(0, PAGE, 0x10_0000);
        GuestRegion second = region(PAGE, PAGE, 0x10_1000);
        GuestMemory memory = GuestMemory.EMPTY.with(first).with(second);
        MemorySegment found = Objects.requireNonNull(memory.findUser(0x10_0010, 16));
        assertThat(found.address()).isEqualTo(first.memory().address() + 16);
        assertThat(found.byteSize()).isEqualTo(16);
        assertThat(memory.findUser(0x10_0ff8, 16)).isNull();
        assertThat(memory.findUser(0x10_2000, 1)).isNull();
        assertThat(memory.findUser(0x0f_ffff, 1)).isNull();
    }

    @Test
    void allRegionsThatBeginInARangeAreTakenOut() throws Exception {
        try (GuestMemoryTable table = new GuestMemoryTable();
                SharedMemory shared = new SharedMemory(4 * PAGE)) {
            for (int i = 0; i < 4; i++) {
                table.add(shared.region(i * PAGE, PAGE, 0x10_0000 + i * PAGE, 0x10_0000 + i * PAGE));
            }
            table.removeWithin(0x10_0000 + PAGE, 2 * PAGE);
            assertThat(table.current().regions())
                    .extracting(GuestRegion::guestAddress)
                    .containsExactly(0x10_0000L, 0x10_0000L + 3 * PAGE);
            assertThat(table.mappedRegions()).isEqualTo(2);
        }
    }

    /** So many that they lie in several chunks, which are split and joined. */
    @Test
    void manyRegionsThatComeAndGoAreFoundAsInAMap() throws Exception {
        Random random = new Random(7);
        MemorySegment memory = Arena.global().allocate(PAGE);
        TreeMap<Long, GuestRegion> model = new TreeMap<>();
        GuestMemory snapshot = GuestMemory.EMPTY;
        for (int step = 0; step < 40_000; step++) {
            long address = random.nextLong(8192) * PAGE;
            boolean growing = step / 5_000 % 2 == 0;
            if (random.nextInt(4) > 0 == growing) {
                GuestRegion region = new GuestRegion(address, PAGE, address, memory, 0, false, () -> {});
                if (model.containsKey(address)) {
                    GuestMemory before = snapshot;
                    assertThatThrownBy(() -> before.with(region)).isInstanceOf(InvalidSetupException.class);
                } else {
                    snapshot = snapshot.with(region);
                    model.put(address, region);
                }
            } else {
                long size = random.nextInt(50) == 0 ? 1024 * PAGE : PAGE;
                List<GuestRegion> removed = new ArrayList<>();
                snapshot = snapshot.withoutThoseAt(address, size, removed);
                Map<Long, GuestRegion> within = model.subMap(address, address + size);
                assertThat(removed).containsExactlyElementsOf(within.values());
                within.clear();
            }
            assertThat(snapshot.count()).isEqualTo(model.size());
            long anywhere = random.nextLong(8192 * PAGE);
            assertThat(snapshot.find(anywhere)).isSameAs(model.get(anywhere & -PAGE));
        }
        assertThat(snapshot.regions()).containsExactlyElementsOf(model.values());
    }

    @Test
    void oneRegionMoreDoesNotCopyThoseThatAreThere() throws Exception {
        MemorySegment memory = Arena.global().allocate(PAGE);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (GuestMemoryTable table = new GuestMemoryTable()) {
            int regions = 40_000;
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < regions; i++) {
                // in an order that is neither that of the addresses nor its reverse
                long address = (i * 7919L % regions) * PAGE;
                table.add(new GuestRegion(address, PAGE, address, memory, 0, false, () -> {}));
            }
            for (int i = 0; i < regions; i++) {
                table.removeWithin(i * PAGE, PAGE);
            }
            long each = (threads.getCurrentThreadAllocatedBytes() - before) / regions;
            assertThat(table.mappedRegions()).isZero();
            assertThat(each).as("bytes for a region that comes and goes").isLessThan(16 << 10);
        }
    }

    @Test
    void noRingLiesInAWindow() throws Exception {
        try (GuestMemoryTable table = new GuestMemoryTable();
                SharedMemory shared = new SharedMemory(4 * PAGE)) {
            table.add(shared.window(0, PAGE, 0x10_0000, 0x10_0000));
            table.add(shared.window(PAGE, PAGE, 0x20_0000, 0x50_0000));
            assertThat(table.current().findUser(0x10_0000, 16)).isNull();
            assertThat(table.current().findUser(0x50_0000, 16)).isNull();
        }
    }

    @Test
    void aUserAddressIsNotTakenForAGuestAddress() throws Exception {
        try (GuestMemoryTable table = new GuestMemoryTable();
                SharedMemory shared = new SharedMemory(4 * PAGE)) {
            table.add(shared.region(0, PAGE, 0x10_0000, 0x50_0000));
            table.add(shared.region(PAGE, PAGE, 0x50_0000, 0x90_0000));
            shared.memory().set(java.lang.foreign.ValueLayout.JAVA_BYTE, 3, (byte) 3);
            assertThat(requireNonNull(table.current().findUser(0x50_0003, 1))
                            .get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0))
                    .isEqualTo((byte) 3);
            assertThat(table.current().findUser(0x10_0000, 1)).isNull();
        }
    }

    @Test
    void takingOutARegionThatIsNotThereIsRefused() throws Exception {
        try (GuestMemoryTable table = new GuestMemoryTable();
                SharedMemory shared = new SharedMemory(4 * PAGE)) {
            table.add(shared.region(0, PAGE, 0x1000, 0x2000));
            assertThatThrownBy(() -> table.remove(0x1000, PAGE, 0x3000)).isInstanceOf(InvalidSetupException.class);
            assertThatThrownBy(() -> table.remove(0x1000, PAGE / 2, 0x2000)).isInstanceOf(InvalidSetupException.class);
            assertThatThrownBy(() -> table.remove(0x1800, PAGE, 0x2000)).isInstanceOf(InvalidSetupException.class);
            table.remove(0x1000, PAGE, 0x2000);
            assertThat(table.mappedRegions()).isZero();
        }
    }
}
