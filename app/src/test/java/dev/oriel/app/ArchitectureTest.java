package dev.oriel.app;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.library.Architectures;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arrows between packages. Those between modules are held by the module system. */
class ArchitectureTest {
    @SuppressWarnings("NullAway.Init") // before all
    private static JavaClasses classes;

    @BeforeAll
    static void everyModuleOfOriel() {
        List<URI> modules = ModuleLayer.boot().configuration().modules().stream()
                .filter(module -> module.name().startsWith("dev.oriel."))
                .map(ResolvedModule::reference)
                .map(ModuleReference::location)
                .flatMap(Optional::stream)
                .toList();
        assertThat(modules).hasSizeGreaterThan(9);
        classes = new ClassFileImporter()
                .importLocations(modules.stream().map(Location::of).toList());
    }

    @Test
    void noPackageHasAnArrowBack() {
        slices().matching("dev.oriel.(**)").should().beFreeOfCycles().check(classes);
    }

    @Test
    void theCommandsOfTheApplicationUseWhatTheirPackagesSay() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("dev.oriel.app..")
                .layer("main")
                .definedBy("dev.oriel.app")
                .layer("bench")
                .definedBy("dev.oriel.app.bench")
                .layer("tour")
                .definedBy("dev.oriel.app.tour")
                .layer("cluster")
                .definedBy("dev.oriel.app.cluster")
                .layer("share")
                .definedBy("dev.oriel.app.share")
                .layer("serve")
                .definedBy("dev.oriel.app.serve")
                .layer("control")
                .definedBy("dev.oriel.app.control")
                .layer("watch")
                .definedBy("dev.oriel.app.watch")
                .layer("practice")
                .definedBy("dev.oriel.app.practice")
                .layer("plugin")
                .definedBy("dev.oriel.app.plugin")
                .layer("log")
                .definedBy("dev.oriel.app.log")
                .layer("command")
                .definedBy("dev.oriel.app.command")
                .whereLayer("main")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("bench")
                .mayOnlyBeAccessedByLayers("main")
                .whereLayer("share")
                .mayOnlyBeAccessedByLayers("main")
                .whereLayer("tour")
                .mayOnlyBeAccessedByLayers("main", "bench")
                .whereLayer("cluster")
                .mayOnlyBeAccessedByLayers("bench", "tour")
                .whereLayer("serve")
                .mayOnlyBeAccessedByLayers("main", "bench", "tour")
                .whereLayer("control")
                .mayOnlyBeAccessedByLayers("serve")
                .whereLayer("watch")
                .mayOnlyBeAccessedByLayers("main")
                .whereLayer("practice")
                .mayOnlyBeAccessedByLayers("serve")
                .whereLayer("plugin")
                .mayOnlyBeAccessedByLayers("serve")
                .whereLayer("log")
                .mayOnlyBeAccessedByLayers("main", "serve")
                .check(classes);
    }
}
