package dev.oriel.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.module.ModuleDescriptor;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What cannot be in an image. */
class LinkedImageTest {
    private static ModuleDescriptor module(String name, String... required) {
        ModuleDescriptor.Builder module = ModuleDescriptor.newModule(name);
        for (String other : required) {
            module.requires(other);
        }
        return module.build();
    }

    @Test
    void aJarWithoutADescriptionAndWhatNeedsItAreLaidBeside() {
        ModuleDescriptor annotations = ModuleDescriptor.newModule("app.checked")
                .requires(Set.of(ModuleDescriptor.Requires.Modifier.STATIC), "old")
                .build();
        assertThat(LinkedImage.beside(List.of(
                        module("app", "reader", "java.base"),
                        module("reader", "old"),
                        module("plain", "java.base"),
                        annotations,
                        ModuleDescriptor.newAutomaticModule("old").build())))
                .containsExactlyInAnyOrder("old", "reader", "app");
    }
}
