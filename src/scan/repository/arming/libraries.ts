/**
 * Libraries that a pipeline of diffusers names its parts from: `LOADABLE_CLASSES` and the folders of `diffusers.pipelines` of
 * diffusers 0.21.4 and 0.42.1, by which a part may name a class of the pipeline itself.
 */
const PIPELINE_LIBRARIES: ReadonlySet<string> = new Set(
  (
    'ace_step allegro alt_diffusion animatediff anyflow audio_diffusion audioldm audioldm2 aura_flow auto_pipeline bria ' +
    'bria_fibo bria_fibo2 chroma chronoedit cogvideo cogview3 cogview4 consisid consistency_models controlnet ' +
    'controlnet_hunyuandit controlnet_sd3 cosmos dance_diffusion ddim ddpm deepfloyd_if deprecated diffusers ' +
    'diffusion_gemma dit dreamlite easyanimate ernie_image flux flux2 free_init_utils free_noise_utils glm_image helios ' +
    'hidream_image hunyuan_image hunyuan_video hunyuan_video1_5 hunyuandit ideogram4 joyimage kandinsky kandinsky2_2 ' +
    'kandinsky3 kandinsky5 kandinsky6 kolors krea2 latent_consistency_models latent_diffusion latent_diffusion_uncond latte ' +
    'ledits_pp llada2 longcat_audio_dit longcat_image ltx ltx2 lucy lumina lumina2 marigold mochi motif_video musicldm ' +
    'nucleusmoe_image omnigen onnx_utils onnxruntime.training ovis_image pag paint_by_example pipeline_flax_utils ' +
    'pipeline_loading_utils pipeline_utils pixart_alpha pndm prx qwenimage qwenimage21 repaint rfd4_proteina sana ' +
    'sana_video sana_wm score_sde_ve semantic_stable_diffusion shap_e skyreels_v2 spectrogram_diffusion stable_audio ' +
    'stable_audio_3 stable_cascade stable_diffusion stable_diffusion_3 stable_diffusion_safe stable_diffusion_xl ' +
    'stable_video_diffusion stochastic_karras_ve t2i_adapter text_to_video_synthesis transformers unclip unidiffuser ' +
    'versatile_diffusion visualcloze vq_diffusion wan wuerstchen z_image '
  )
    .trim()
    .split(' '),
);

export function isPipelineLibrary(name: string): boolean {
  return PIPELINE_LIBRARIES.has(name) || /^(?:diffusers|transformers|onnxruntime|optimum)\./.test(name);
}
